/**
 * Text of a stranger for a comment. Names come from the settings of a pull request: they may draw nothing of their own into it, no link, picture, mention
 * or tag. What stands between backquotes stays code.
 */
export function escaped(text: string): string {
  const flat = text.replaceAll(/\s+/g, " ").replaceAll(/`+/g, "`");
  const paired = flat.split("`").length % 2 ? flat : flat.replaceAll("`", "'");
  return paired
    .split("`")
    .map((part, index) =>
      index % 2 ? part : part.replaceAll(/[\\*_[\]<>#|!~()&]/g, "\\$&").replaceAll("@", "@\u200b"),
    )
    .join("`");
}

/** Any text as one piece of code. */
export function code(text: string): string {
  return `\`${text.replaceAll("`", "'").replaceAll(/\s+/g, " ")}\``;
}
