import { CheckpointError } from '../checkpoint.ts';

/** A value of a pickle. Globals are never looked up or called: they stay names, calls stay records. */
export type PickleValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | PickleValue[]
  | PickleGlobal
  | PickleCall
  | PicklePersistent
  | Map<PickleValue, PickleValue>;

export interface PickleGlobal {
  readonly kind: 'global';
  readonly name: string;
}

export interface PickleCall {
  readonly kind: 'call';
  readonly callee: string;
  readonly args: PickleValue[];
  /** Items set afterwards, as OrderedDict's are. */
  readonly items: Map<PickleValue, PickleValue>;
}

export interface PicklePersistent {
  readonly kind: 'persistent';
  readonly id: PickleValue;
}

const MARK = Symbol('mark');
type StackItem = PickleValue | typeof MARK;

/**
 * Reads the part of pickle that torch.save uses for a state dict. Unlike Python's it runs no code: it builds
 * records. An opcode outside that part is refused by name.
 */
export function unpickle(bytes: Uint8Array): PickleValue {
  return new Unpickler(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)).run();
}

class Unpickler {
  readonly #bytes: Buffer;
  #at = 0;
  readonly #stack: StackItem[] = [];
  readonly #memo = new Map<number, PickleValue>();

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  run(): PickleValue {
    for (;;) {
      const at = this.#at;
      const opcode = String.fromCharCode(this.#take(1)[0]!);
      if (opcode === '.') return this.#pop();
      if (!this.#readConstant(opcode) && !this.#combine(opcode)) {
        throw new CheckpointError(
          `opcode 0x${opcode.charCodeAt(0).toString(16)} at byte ${at} is not part of a state dict`,
        );
      }
    }
  }

  /** Opcodes that push something by themselves. */
  #readConstant(opcode: string): boolean {
    const { long, text } = this.#readers;
    const push = (value: StackItem): true => {
      this.#stack.push(value);
      return true;
    };
    switch (opcode) {
      case '\x80': // PROTO
        this.#take(1);
        return true;
      case '(':
        return push(MARK);
      case 'N':
        return push(null);
      case '\x88':
        return push(true);
      case '\x89':
        return push(false);
      case 'K':
        return push(this.#take(1).readUInt8());
      case 'M':
        return push(this.#take(2).readUInt16LE());
      case 'J':
        return push(this.#take(4).readInt32LE());
      case '\x8a':
        return push(long(this.#take(1).readUInt8()));
      case 'G':
        return push(this.#take(8).readDoubleBE());
      case 'X':
        return push(text(this.#take(4).readUInt32LE()));
      case '\x8c':
        return push(text(this.#take(1).readUInt8()));
      case ')':
        return push([]);
      case ']':
        return push([]);
      case '}':
        return push(new Map());
      case 'c':
        return push({ kind: 'global', name: `${this.#line()}.${this.#line()}` });
      case 'h':
        return push(this.#recall(this.#take(1).readUInt8()));
      case 'j':
        return push(this.#recall(this.#take(4).readUInt32LE()));
      default:
        return false;
    }
  }

  /** Opcodes that work on what is there. */
  #combine(opcode: string): boolean {
    switch (opcode) {
      case 'q':
        this.#memo.set(this.#take(1).readUInt8(), this.#top());
        return true;
      case 'r':
        this.#memo.set(this.#take(4).readUInt32LE(), this.#top());
        return true;
      case '\x85':
      case '\x86':
      case '\x87':
        this.#stack.push(this.#popMany(opcode.charCodeAt(0) - 0x84));
        return true;
      case 't':
        this.#stack.push(this.#popToMark());
        return true;
      case 'Q':
        this.#stack.push({ kind: 'persistent', id: this.#pop() });
        return true;
      case 'R':
        this.#call();
        return true;
      case 's':
        this.#setItems(this.#popMany(2));
        return true;
      case 'u':
        this.#setItems(this.#popToMark());
        return true;
      case 'e':
        this.#extend(this.#popToMark());
        return true;
      case 'a':
        this.#extend([this.#pop()]);
        return true;
      case 'b': // BUILD: attributes of an object (a state dict's _metadata); nothing here needs them.
        this.#pop();
        return true;
      default:
        return false;
    }
  }

  get #readers() {
    return {
      long: (count: number): number | bigint => {
        const digits = this.#take(count);
        let value = 0n;
        for (let index = count - 1; index >= 0; index--) value = (value << 8n) | BigInt(digits[index]!);
        const signed = count > 0 && digits[count - 1]! >= 0x80 ? value - (1n << BigInt(8 * count)) : value;
        return BigInt(Number(signed)) === signed ? Number(signed) : signed;
      },
      text: (count: number): string => this.#take(count).toString('utf8'),
    };
  }

  #call(): void {
    const args = this.#pop();
    const callee = this.#pop();
    if (!Array.isArray(args) || !isRecord(callee, 'global'))
      throw this.#damaged('a call of something that is not a name');
    this.#stack.push({ kind: 'call', callee: callee.name, args, items: new Map() });
  }

  #setItems(flat: PickleValue[]): void {
    const target = this.#top();
    const items = target instanceof Map ? target : isRecord(target, 'call') ? target.items : null;
    if (items === null || flat.length % 2 !== 0) throw this.#damaged('items set on something that has none');
    for (let index = 0; index < flat.length; index += 2) items.set(flat[index]!, flat[index + 1]!);
  }

  #extend(values: PickleValue[]): void {
    const target = this.#top();
    if (!Array.isArray(target)) throw this.#damaged('values appended to something that is no list');
    target.push(...values);
  }

  #popToMark(): PickleValue[] {
    const mark = this.#stack.lastIndexOf(MARK);
    if (mark < 0) throw this.#damaged('no mark on the stack');
    return this.#stack.splice(mark).slice(1) as PickleValue[];
  }

  #popMany(count: number): PickleValue[] {
    return Array.from({ length: count }, () => this.#pop()).reverse();
  }

  #pop(): PickleValue {
    const value = this.#top();
    this.#stack.pop();
    return value;
  }

  #top(): PickleValue {
    const value = this.#stack.at(-1);
    if (value === undefined || value === MARK) throw this.#damaged('nothing on the stack');
    return value;
  }

  #recall(index: number): PickleValue {
    const value = this.#memo.get(index);
    if (value === undefined) throw this.#damaged(`nothing remembered under ${index}`);
    return value;
  }

  #line(): string {
    const end = this.#bytes.indexOf(10, this.#at);
    if (end < 0) throw this.#damaged('a name without an end');
    const line = this.#bytes.toString('utf8', this.#at, end);
    this.#at = end + 1;
    return line;
  }

  #take(count: number): Buffer {
    if (this.#at + count > this.#bytes.length) throw this.#damaged('the pickle is cut off');
    this.#at += count;
    return this.#bytes.subarray(this.#at - count, this.#at);
  }

  #damaged(problem: string): CheckpointError {
    return new CheckpointError(`${problem} at byte ${this.#at}`);
  }
}

/** Whether a value is one of the records above. */
export function isRecord<Kind extends 'global' | 'call' | 'persistent'>(
  value: PickleValue | undefined,
  kind: Kind,
): value is Extract<PickleValue, { kind: Kind }> {
  return typeof value === 'object' && value !== null && 'kind' in value && value.kind === kind;
}
