/** Which names of a body may stand in a report: those of the site's own code, never a person's words, and never an id. */

/** Words of which formats are made. A name made of these alone says nothing about anybody. */
const WORDS =
  "accept account action active add added after agent alternatives annotations answer api app append args " +
  "arguments array artifact artifacts asset assistant async at attachment attachments audio author base batch " +
  "before begin block blocks body bool branch browse browser bytes cache call calls can candidate candidates " +
  "canvas chat chats child children choice choices chunk chunks citation citations clear client code command " +
  "company completion completed config connector content contents context conversation conversations cost count " +
  "create created creator current cursor data date debug default delete deleted delta deltas description detail " +
  "details diff display document documents done duration edit edited effort element email empty enabled encoded " +
  "end ended ending entries entry error errors event events exclude extra fast favorite feature features feedback " +
  "field fields file files final finish finished first flags folder follow followup for format frame frames from " +
  "full function functions generated generation group groups has hash header height hidden history html icon id " +
  "ids image images in index info inner input inputs instruction instructions is item items job json key keys " +
  "kind label language last latency leaf length level like limit line lines link links list loading local locale log " +
  "logs mapping mark markdown match max media memory message messages metadata method mime min mode model models " +
  "modified more name names new next node nodes none not null number object of offset on op operation option " +
  "options order organization origin output outputs owner page pages pane param parameters params parent part " +
  "partial parts patch path payload pending percent permission pinned plan plugin position post preview previous " +
  "progress project prompt properties property props provider public query question range rank rate raw read " +
  "reason reasoning recipient record ref reference references regenerate related removed reply repo request " +
  "required response responses result results retry role root row rows run running safe sandbox schema scope " +
  "score search section segment selected sender sequence session sessions settings share shared sheet short show " +
  "sibling siblings size slug snapshot snippet sort source sources span speed stage star starred start started " +
  "state status step steps stop stopped stored stream streaming string style sub subtitle suggestion suggestions " +
  "summary surface system tab table tag tags target task tasks template temperature text thinking thought thread " +
  "time timestamp title to token tokens tool tools top total trace tree turn turns type update updated updates " +
  "uri url urls usage use used user users uuid valid value values variant variants version video view visible web " +
  "weight widget width with workspace write";

const STANDARD = new Set(WORDS.split(" "));
/** Short ones with which names end. */
const ENDS = new Set(["id", "ids", "url", "uri", "key"]);

/** The words of a name, in lower case: `createTime`, `create_time` and `create-time` have the same two. */
function wordsOf(name: string): string[] {
  return name
    .replace(/([a-z\d])([A-Z])/g, "$1 $2")
    .split(/[^A-Za-z\d]+/)
    .filter(Boolean)
    .map((word) => word.toLowerCase());
}

/** A word as programmers write them: letters that can be spoken, at most two digits at its end. */
function isWord(word: string): boolean {
  if (STANDARD.has(word)) return true;
  const isSpoken = /^[a-z]{1,16}\d{0,2}$/.test(word) && !/[^aeiouy\d]{6,}/.test(word);
  return isSpoken && !/^[a-f\d]{6,}$/.test(word);
}

/** Words that follow each other, or are set apart by one sign. */
const NAME = /^(?:[$@]|_{0,2})[a-z][A-Za-z\d]*(?:[_.:/-][A-Za-z\d]+)*$/;

/** As only ids have it: capitals in a row, or after the parts that a line or dot sets apart. */
const MIXED = /[A-Z]{2}|[A-Z].*[_.:/-]|[_.:/-].*[A-Z]/;

/** Whether a name looks like one of a program: begins small, is short, and is made of a few words. */
export function looksLikeCode(name: string): boolean {
  if (name.length > 48 || !NAME.test(name) || MIXED.test(name)) return false;
  const words = wordsOf(name);
  return words.length <= 6 && words.every(isWord);
}

/** Whether a name has a word of formats in it, longer than those that any text has, or is too short to say anything. */
export function isFormatName(name: string): boolean {
  const isTelling = (word: string) => STANDARD.has(word) && (word.length > 3 || ENDS.has(word));
  return name.length <= 3 || isPureFormatName(name) || wordsOf(name).some(isTelling);
}

/** Whether nothing but words of formats is in it. */
export function isPureFormatName(name: string): boolean {
  return name.length <= 3 || wordsOf(name).every((word) => STANDARD.has(word));
}
