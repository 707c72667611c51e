/**
 * Wraps comments at the line limit. The formatter leaves comments alone, so this does what it doesn't: words
 * that don't fit go to the next line of the same paragraph. Code, lists, tags and tables inside comments keep
 * their lines.
 */
import { sizeLimits } from './size-limits.ts';

const limit = sizeLimits.lineColumns;

/** The text with its comments wrapped. Unchanged if every comment fits. */
export function wrapComments(text: string): string {
  const lines = text.split('\n').flatMap(openLongBlock);
  const wrapped: string[] = [];
  for (let index = 0; index < lines.length; index += 1) {
    const line = lines[index]!;
    const comment = line.length > limit ? readComment(line) : null;
    const cut = comment === null ? -1 : lastFittingSpace(line, comment.prefix.length);
    if (comment === null || cut === -1) {
      wrapped.push(line);
      continue;
    }
    wrapped.push(line.slice(0, cut));
    const rest = line.slice(cut + 1);
    const next = readComment(lines[index + 1] ?? '');
    if (next && continues(comment, next)) lines[index + 1] = `${next.prefix}${rest} ${next.text}`;
    else lines.splice(index + 1, 0, `${continuation(comment)}${rest}`);
  }
  return wrapped.join('\n');
}

interface CommentLine {
  /** Indentation and marker, with the space after it. */
  readonly prefix: string;
  readonly text: string;
}

function readComment(line: string): CommentLine | null {
  const found = /^(\s*(?:\/\/|\*|\/\*\*) )(.*)$/.exec(line);
  return found ? { prefix: found[1]!, text: found[2]! } : null;
}

/** A doc comment on one line that is too long gets lines of its own. */
function openLongBlock(line: string): string[] {
  const found = line.length > limit ? /^(\s*)\/\*\* (.*?) ?\*\/$/.exec(line) : null;
  return found ? [`${found[1]}/**`, `${found[1]} * ${found[2]}`, `${found[1]} */`] : [line];
}

/** Later lines of a list item are indented below its text. */
function continuation({ prefix, text }: CommentLine): string {
  const marker = /^\s*(?:[-*]|\d+\.) +|^\s+/.exec(text)?.[0] ?? '';
  return prefix.replace('/**', ' *') + ' '.repeat(marker.length);
}

/** Whether `next` is the same paragraph. */
function continues(line: CommentLine, next: CommentLine): boolean {
  const isSameKind = next.prefix === line.prefix.replace('/**', ' *');
  return isSameKind && next.text !== '' && !/^(\s|[-*@|`#<]|\d+\.|\/)/.test(next.text);
}

function lastFittingSpace(line: string, from: number): number {
  const cut = line.lastIndexOf(' ', limit);
  return cut > from ? cut : -1;
}
