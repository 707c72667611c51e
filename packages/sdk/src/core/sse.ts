/** Server-sent events from bytes: tolerant of any chunking, CR LF, comments and multi-line data. */
export class SseDecoder {
  #decoder = new TextDecoder();
  #rest = '';
  #data: string[] = [];

  /** Data of each event completed by these bytes. Comments and other fields are dropped. */
  push(bytes: Uint8Array): string[] {
    return this.#take(this.#decoder.decode(bytes, { stream: true }));
  }

  /** Data of an event that the end of the stream completes. */
  end(): string[] {
    return this.#take(`${this.#decoder.decode()}\n\n`);
  }

  #take(text: string): string[] {
    this.#rest += text;
    const events: string[] = [];
    for (;;) {
      const index = this.#rest.search(/\r\n|\n|\r(?!$)/);
      if (index < 0) return events;
      const line = this.#rest.slice(0, index);
      const isCrLf = this.#rest[index] === '\r' && this.#rest[index + 1] === '\n';
      this.#rest = this.#rest.slice(index + (isCrLf ? 2 : 1));
      this.#acceptLine(line, events);
    }
  }

  #acceptLine(line: string, events: string[]): void {
    if (line === '') {
      if (this.#data.length > 0) events.push(this.#data.join('\n'));
      this.#data = [];
      return;
    }
    if (line.startsWith('data:')) this.#data.push(line.slice(line[5] === ' ' ? 6 : 5));
  }
}
