const BEGIN = '<!-- topology: npm run generate -->';
const END = '<!-- /topology -->';

/** The README with the drawing of the topology between its marks. */
export function replaceDrawing(readme: string, mermaid: string): string {
  const from = readme.indexOf(BEGIN);
  const to = readme.indexOf(END);
  if (from < 0 || to < from) throw new Error(`README.md lacks the marks ${BEGIN} and ${END}`);
  return `${readme.slice(0, from + BEGIN.length)}\n\n\`\`\`mermaid\n${mermaid}\n\`\`\`\n\n${readme.slice(to)}`;
}
