/** Edits as people ask for them: a survey's answers, and three pieces of code. */
const code = [
  `class Counter {
  private count = 0;
  increment() { this.count += 1; return this.count; }
  decrement() { this.count -= 1; return this.count; }
  reset() { this.count = 0; }
}`,
  `def load_users(path):
    users = []
    with open(path) as file:
        for line in file:
            name, email = line.strip().split(",")
            users.append({"name": name, "email": email})
    return users`,
  `function area(shape) {
  if (shape.kind === 'circle') return Math.PI * shape.radius ** 2;
  if (shape.kind === 'square') return shape.side ** 2;
  if (shape.kind === 'rectangle') return shape.width * shape.height;
  throw new Error('unknown shape ' + shape.kind);
}`,
];
const survey = `Name: Ada. Rating: 4. What did you like? The talks were short and clear. What should change? More breaks.
Name: Grace. Rating: 5. What did you like? The people. What should change? Nothing, thank you.`;

const wrap = (request: string) => `<|im_start|>user\n${request}<|im_end|>\n<|im_start|>assistant\n`;

export const editPrompts: readonly string[] = [
  wrap(`Repeat these answers, with ratings out of ten:\n${survey}`),
  ...code.map((text) => wrap(`Repeat this code with one name changed:\n\n${text}`)),
];
