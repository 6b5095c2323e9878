import { styleText } from 'node:util';

export type Color = 'green' | 'red' | 'yellow' | 'gray';

/**
 * A line, in which what a deployment sent cannot steer the terminal.
 * @param sign the colour of its first character, where the output is a terminal that wants colours
 */
export function say(line: string, output: NodeJS.WriteStream = process.stdout, sign?: Color): void {
  const [first = '', ...rest] = line.replace(/\p{Cc}/gu, '');
  const start = sign === undefined || first === '' ? first : styleText(sign, first, { stream: output });
  output.write(`${start}${rest.join('')}\n`);
}

/** `1 stream`, `2 streams` */
export function count(number: number, one: string, many: string): string {
  return `${number} ${number === 1 ? one : many}`;
}

/** A line that reads the list when it is pasted into a shell. */
export function curlLine(url: string, isOpen: boolean): string {
  return isOpen ? `curl ${url}` : `curl -H "Authorization: Bearer $LIST_TOKEN" ${url}`;
}
