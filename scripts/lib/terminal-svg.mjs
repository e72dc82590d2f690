/** What stood on a terminal, one screen after the other, as a picture that plays by itself: text as text, with the sixteen colours, bold and dim. */

const palette = ["#484f58", "#ff7b72", "#3fb950", "#d29922", "#58a6ff", "#bc8cff", "#39c5cf", "#b1bac4"];
const [ground, ink] = ["#0d1117", "#c9d1d9"];
const [charWidth, lineHeight, margin] = [8.4, 19, 14];

/** `frames`: text with escape sequences (as `tmux capture-pane -e` has it), and milliseconds. */
export function framesToSvg(frames, { columns, rows, title }) {
  const merged = frames.filter(({ text }, n) => n === frames.length - 1 || text !== frames[n + 1].text || frames[n + 1].ms < 200);
  const total = merged.reduce((sum, { ms }) => sum + ms, 0);
  let from = 0;
  const percent = (ms) => `${((100 * ms) / total).toFixed(3)}%`;
  const rules = [];
  const groups = merged.map(({ text, ms }, n) => {
    const [begin, end] = [percent(from), percent(from + ms)];
    from += ms;
    const last = n === merged.length - 1;
    rules.push(
      `@keyframes f${n}{0%{opacity:${n === 0 ? 1 : 0}}${begin}{opacity:1}${last ? "100%{opacity:1}" : `${end}{opacity:0}100%{opacity:0}`}}`,
    );
    return `<g style="opacity:${last ? 1 : 0};animation:f${n} ${total}ms step-end infinite">${lines(text)}</g>`;
  });
  const [width, height] = [Math.ceil(columns * charWidth + 2 * margin), rows * lineHeight + 2 * margin];
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${escaped(title)}">
<title>${escaped(title)}</title>
<style>text{font:14px ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;white-space:pre;fill:${ink}}
@media (prefers-reduced-motion:reduce){g{animation:none!important}}
${rules.join("\n")}</style>
<rect width="100%" height="100%" rx="8" fill="${ground}"/>
${groups.join("\n")}
</svg>
`;
}

const escaped = (text) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");

function lines(text) {
  let style = {};
  return text
    .trimEnd()
    .split("\n")
    .map((line, row) => {
      let column = 0;
      const parts = [];
      for (const [, codes, words] of `\u001b[m${line}`.matchAll(/\u001b\[([\d;]*)m([^\u001b]*)/g)) {
        style = next(style, codes, column === 0 && parts.length === 0);
        if (words.trim() !== "") parts.push(span(words, column, row, style));
        column += [...words].length;
      }
      return parts.join("");
    })
    .join("");
}

/** The style after these codes. `carried`: the mark at the begin of a line, which changes nothing. */
function next(style, codes, carried) {
  if (carried && codes === "") return style;
  let now = { ...style };
  for (const code of codes.split(";").map(Number)) {
    if (code === 0) now = {};
    else if (code === 1) now.bold = true;
    else if (code === 2) now.dim = true;
    else if (code === 7) now.reverse = true;
    else if (code === 27) now.reverse = false;
    else if (code === 22) now = { ...now, bold: false, dim: false };
    else if (code >= 30 && code <= 37) now.colour = palette[code - 30];
    else if (code >= 90 && code <= 97) now.colour = palette[code - 90];
    else if (code === 39) now.colour = undefined;
  }
  return now;
}

function span(words, column, row, { bold, dim, colour, reverse }) {
  const x = (margin + column * charWidth).toFixed(1);
  const fill = reverse ? ground : colour;
  const attributes = [fill && `style="fill:${fill}"`, bold && 'font-weight="700"', dim && 'opacity=".6"'].filter(Boolean).join(" ");
  // The width is said, so that columns stand under each other in any font.
  const length = ([...words].length * charWidth).toFixed(1);
  const behind = reverse
    ? `<rect x="${x}" y="${margin + row * lineHeight}" width="${length}" height="${lineHeight}" fill="${colour ?? ink}"/>`
    : "";
  return `${behind}<text x="${x}" y="${margin + (row + 1) * lineHeight - 5}" textLength="${length}" lengthAdjust="spacingAndGlyphs" xml:space="preserve" ${attributes}>${escaped(words)}</text>`;
}
