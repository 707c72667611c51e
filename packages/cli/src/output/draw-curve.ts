/** A measured value at a step of training. */
export interface CurvePoint {
  readonly step: number;
  readonly loss: number;
}

export interface Curves {
  readonly train: readonly CurvePoint[];
  readonly evaluation: readonly CurvePoint[];
}

/** Losses over steps as characters: `*` in training, `o` of the evaluation set. Empty without points. */
export function drawCurve({ train, evaluation }: Curves, width: number, height: number): string[] {
  const points = [...train, ...evaluation].filter(({ loss }) => Number.isFinite(loss));
  if (points.length === 0) return [];
  const most = Math.max(...points.map(({ loss }) => loss));
  const least = Math.min(...points.map(({ loss }) => loss));
  const lastStep = Math.max(1, ...points.map(({ step }) => step));
  const scale = Math.max(most - least, Number.EPSILON);
  const grid = Array.from({ length: height }, () => Array.from({ length: width }, () => ' '));
  const mark = (sign: string) => (point: CurvePoint) => {
    if (!Number.isFinite(point.loss)) return;
    const column = Math.round((point.step / lastStep) * (width - 1));
    const row = Math.round(((most - point.loss) / scale) * (height - 1));
    grid[row]![column] = sign;
  };
  train.forEach(mark('*'));
  evaluation.forEach(mark('o'));
  const labels = grid.map((_, row) => {
    const isLabelled = row === 0 || row === height - 1;
    return (isLabelled ? (most - (scale * row) / (height - 1)).toPrecision(3) : '').padStart(7);
  });
  const axis = `step ${lastStep}`.padStart(width);
  return [
    ...grid.map((cells, row) => `${labels[row]} |${cells.join('').trimEnd()}`),
    `${' '.repeat(9)}${axis}`,
  ];
}

/**
 * Rows of a metrics file (JSON objects, one a line); what is not a loss, or cut off at the end, is left out.
 */
export function readCurves(text: string): Curves {
  const rows = text.split('\n').flatMap((line) => {
    try {
      return [JSON.parse(line) as Readonly<Record<string, unknown>>];
    } catch {
      return [];
    }
  });
  const pick = (key: string): CurvePoint[] =>
    rows.flatMap(({ step, [key]: loss }) =>
      typeof step === 'number' && typeof loss === 'number' ? [{ step, loss }] : [],
    );
  return { train: pick('trainLoss'), evaluation: pick('evalLoss') };
}
