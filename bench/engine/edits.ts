/**
 * An edit as people ask for it: what there was, and what there is to be. The first is the platform's own
 * example.
 */
export interface Edit {
  readonly instruction: string;
  readonly before: string;
  readonly after: string;
}

const survey = `{
  "questions": [
    {
      "question": "Name",
      "type": "text"
    },
    {
      "question": "Age",
      "type": "number"
    },
    {
      "question": "Feedback",
      "type": "text_area"
    },
    {
      "question": "How to Contact",
      "type": "multiple_choice",
      "options": ["Email", "Phone"],
      "optional": true
    }
  ]
}
`;
const counter = `export class Counter {
  private count = 0;
  constructor(private readonly step: number) {}
  increment(): number {
    this.count += this.step;
    return this.count;
  }
  decrement(): number {
    this.count -= this.step;
    return this.count;
  }
  reset(): void {
    this.count = 0;
  }
}
`;
const users = `def load_users(path):
    users = []
    with open(path) as file:
        for line in file:
            name, email = line.strip().split(",")
            users.append({"name": name, "email": email})
    return users


def find_user(users, email):
    for user in users:
        if user["email"] == email:
            return user
    return None
`;
const area = `function area(shape) {
  if (shape.kind === 'circle') return Math.PI * shape.radius ** 2;
  if (shape.kind === 'square') return shape.side ** 2;
  if (shape.kind === 'rectangle') return shape.width * shape.height;
  throw new Error('unknown shape ' + shape.kind);
}

function totalArea(shapes) {
  let total = 0;
  for (const shape of shapes) total += area(shape);
  return total;
}
`;

export const edits: readonly Edit[] = [
  {
    instruction: 'Edit the How to Contact question to add an option called Text Message.',
    before: survey,
    after: survey.replace('"Phone"]', '"Phone", "Text Message"]'),
  },
  {
    instruction: 'Let reset return the count from before.',
    before: counter,
    after: counter.replace(
      'reset(): void {\n    this.count = 0;',
      'reset(): number {\n    const before = this.count;\n    this.count = 0;\n    return before;',
    ),
  },
  {
    instruction: 'Read users from JSON lines instead.',
    before: users,
    after: users
      .replace('name, email = line.strip().split(",")', 'user = json.loads(line)')
      .replace(
        'users.append({"name": name, "email": email})',
        'users.append({"name": user["name"], "email": user["email"]})',
      ),
  },
  {
    instruction: 'Add triangles.',
    before: area,
    after: area.replace(
      "  throw new Error('unknown shape",
      "  if (shape.kind === 'triangle') return (shape.base * shape.height) / 2;\n  throw new Error('unknown shape",
    ),
  },
];

/** As long as the edits, and nothing of theirs. */
export const unrelatedText =
  `The ferry left at seven, an hour late, with two cows and a piano on its deck. Nobody on the
quay waved. The captain, who had once been a baker, kept a sourdough in the engine room, where it was always warm, and on
calm nights he gave the passengers slices of it with salted butter. Snow began to fall near the third island. `.repeat(
    2,
  );
