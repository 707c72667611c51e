/** What is wrong with a Hugging Face folder: one sentence that names the file and says what to do. */
export class HfModelError extends Error {
  override readonly name = 'HfModelError';
  /** File of the folder that is at fault. */
  readonly file: string;

  constructor(file: string, problem: string) {
    super(`${file}: ${problem}`);
    this.file = file;
  }
}
