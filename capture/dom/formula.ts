/** Formulas as pages show them: KaTeX, MathJax, MathML, each with the same formula several times over. */

const FORMULAS =
  ".katex-display, .katex, math, mjx-container, [data-math], script[type^='math/tex']";
const DISPLAY = ".katex-display, .math-block, [display='true'], [display='block']";

/** A formula in TeX. */
export interface Formula {
  tex: string;
  isBlock: boolean;
}

/** The formula of an element that is one; null for any other. */
export function formulaOf(element: Element): Formula | null {
  if (!element.matches(FORMULAS)) return null;
  const written =
    element.getAttribute("data-math") ??
    element.querySelector("[data-math]")?.getAttribute("data-math") ??
    element.querySelector("annotation[encoding='application/x-tex']")?.textContent;
  const math = element.querySelector("math");
  const isBlock =
    element.matches(DISPLAY) ||
    element.querySelector("math[display='block']") !== null ||
    /mode=display/.test(element.getAttribute("type") ?? "");
  // Indentation is the page's, and an empty line would end a formula.
  const tex = (written ?? element.getAttribute("alttext") ?? (math ?? element).textContent)
    .trim()
    .replace(/\s*\n\s*/g, isBlock ? "\n" : " ");
  return tex === "" ? null : { tex, isBlock };
}
