import { closeSync, openSync, readSync } from "node:fs";

/** Milliseconds between two looks at the file. */
const PAUSE = 150;

/** Calls back with each line of a file that another process writes, until it is stopped; then once more with what is left. */
export function followLines(path: string, each: (line: string) => void): { readonly stop: () => void } {
  const file = openSync(path, "r");
  const buffer = Buffer.alloc(1 << 16);
  let [position, rest] = [0, Buffer.alloc(0)];
  const look = () => {
    for (;;) {
      const read = readSync(file, buffer, 0, buffer.length, position);
      if (read === 0) return;
      position += read;
      rest = Buffer.concat([rest, buffer.subarray(0, read)]);
      for (let at = rest.indexOf(10); at >= 0; at = rest.indexOf(10)) {
        const line = rest.subarray(0, at).toString();
        rest = rest.subarray(at + 1);
        if (line.trim() !== "") each(line);
      }
    }
  };
  const timer = setInterval(look, PAUSE);
  return {
    stop: () => {
      clearInterval(timer);
      look();
      closeSync(file);
    },
  };
}
