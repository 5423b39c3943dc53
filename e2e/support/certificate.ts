/** A certificate for a test's own HTTPS server, made on the spot: node:crypto makes keys and signatures, but no certificates. */
import { generateKeyPairSync, sign } from "node:crypto";

/** As `node:https` takes them. */
export interface Certificate {
  key: string;
  cert: string;
}

const SEQUENCE = 0x30;

/** One element of DER, the encoding of certificates: what it is, its length, its content. */
function element(tag: number, ...contents: Buffer[]): Buffer {
  const content = Buffer.concat(contents);
  const { length: size } = content;
  // The shortest form that holds it: readers refuse others.
  const length =
    size < 0x80 ? [size] : size < 0x100 ? [0x81, size] : [0x82, size >> 8, size & 0xff];
  return Buffer.concat([Buffer.from([tag, ...length]), content]);
}

/** SEQUENCE of the one object identifier ecdsa-with-SHA256. */
const ALGORITHM = element(SEQUENCE, element(0x06, Buffer.from("2a8648ce3d040302", "hex")));

/** A common name: SEQUENCE of SET of SEQUENCE of the object identifier 2.5.4.3 and its value. */
function named(name: string): Buffer {
  const value = element(0x0c, Buffer.from(name));
  return element(
    SEQUENCE,
    element(0x31, element(SEQUENCE, element(0x06, Buffer.from("550403", "hex")), value)),
  );
}

/** A self-signed certificate (version 1, ECDSA on P-256); who checks its name or issuer refuses it. */
export function makeCertificate(name: string): Certificate {
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const times = ["250101000000Z", "491231235959Z"].map((time) => element(0x17, Buffer.from(time)));
  const toSign = element(
    SEQUENCE,
    element(0x02, Buffer.from([1])),
    ALGORITHM,
    named(name),
    element(SEQUENCE, ...times),
    named(name),
    publicKey.export({ type: "spki", format: "der" }),
  );
  const signature = element(0x03, Buffer.from([0]), sign("sha256", toSign, privateKey));
  const certificate = element(SEQUENCE, toSign, ALGORITHM, signature);
  const lines = certificate.toString("base64").replace(/.{1,64}/g, "$&\n");
  return {
    key: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
    cert: `-----BEGIN CERTIFICATE-----\n${lines}-----END CERTIFICATE-----\n`,
  };
}
