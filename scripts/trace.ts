/** A step of the trace: `folder/file.ts:12` `name`. The line is that of the definition of the function. */
const STEP = /`([\w/-]+\.ts):\d+` `(#?\w+)`/g;

/**
 * The text with the line of each step as it is now.
 *
 * @param read returns the content of a file below `src`
 * @throws Error if a function is not defined in the file that is named
 */
export function withLines(text: string, read: (file: string) => string): string {
  return text.replace(
    STEP,
    (_whole, file: string, name: string) => `\`${file}:${lineOf(name, file, read(file))}\` \`${name}\``,
  );
}

function lineOf(name: string, file: string, content: string): number {
  const definition = new RegExp(
    `^\\s*(?:export )?(?:static )?(?:async )?(?:function )?${name}(?:<.*>)?\\((?:.*\\{|.*,)?$`,
  );
  const index = content.split('\n').findIndex((line) => definition.test(line));
  if (index === -1) throw new Error(`${file} does not define ${name}`);
  return index + 1;
}
