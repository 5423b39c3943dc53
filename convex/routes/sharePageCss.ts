/** The look of a public page. Colours of code by highlight.js' class names; both palettes pass WCAG AA on their background. */
export const sharePageCss = `
:root{--bg:#fff;--fg:#1c1c1c;--dim:#5c5c5c;--line:#ddd;--code:#f6f6f6;--user:#f1f5fb;--a:#0b57a4;--k:#9a1f5c;--s:#1d6b2f;--n:#8a4b00;--c:#5f6368}
@media(prefers-color-scheme:dark){:root{--bg:#161616;--fg:#e6e6e6;--dim:#a8a8a8;--line:#3a3a3a;--code:#212121;--user:#1d2530;--a:#8ab8f0;--k:#f08fc0;--s:#8fd19e;--n:#e6b673;--c:#a0a6ac}}
*{box-sizing:border-box}
body{margin:0 auto;max-width:50rem;padding:1.5rem 1rem;background:var(--bg);color:var(--fg);font:1rem/1.6 system-ui,sans-serif;overflow-wrap:anywhere}
header{border-bottom:1px solid var(--line);margin-bottom:1.5rem}
h1{font-size:1.5rem;line-height:1.3;margin:0}
header p,small,footer,.note,.file{color:var(--dim);font-size:.875rem;font-weight:400}
section{padding:.25rem 1rem;margin:0 -1rem 1rem;border-radius:.5rem}
section.user{background:var(--user)}
h2{font-size:1rem;margin:.75rem 0 .25rem}
.text h1,.text h2,.text h3{font-size:1.1rem}
a{color:var(--a)}
pre{background:var(--code);border:1px solid var(--line);border-radius:.375rem;padding:.75rem;overflow:auto;max-height:40rem}
code{font:.875em/1.5 ui-monospace,monospace}
:not(pre)>code{background:var(--code);padding:.1em .3em;border-radius:.25rem}
details{margin:.5rem 0;border-left:2px solid var(--line);padding-left:.75rem}
summary{cursor:pointer;color:var(--dim)}
table{border-collapse:collapse;display:block;overflow:auto}
th,td{border:1px solid var(--line);padding:.25rem .5rem;text-align:left}
blockquote{margin:0;padding-left:1rem;border-left:3px solid var(--line);color:var(--dim)}
footer{border-top:1px solid var(--line);margin-top:2rem;padding-top:1rem}
.hljs-keyword,.hljs-selector-tag,.hljs-name,.hljs-tag,.hljs-built_in{color:var(--k)}
.hljs-string,.hljs-addition,.hljs-regexp,.hljs-attr{color:var(--s)}
.hljs-number,.hljs-literal,.hljs-type,.hljs-title,.hljs-variable,.hljs-deletion{color:var(--n)}
.hljs-comment,.hljs-meta{color:var(--c);font-style:italic}
`;
