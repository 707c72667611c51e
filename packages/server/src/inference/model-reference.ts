/**
 * The forms in which callers name a model (spec, "Model identifier"):
 *
 *   accounts/A/models/M          A/M          M (a model of the provider account)
 *   the same with #accounts/B/deployments/D   or #B/D
 *   accounts/A/deployedModels/X  (A/X and X when no model has that name)
 *   accounts/B/deployments/D     (what the deployment serves by itself)
 */
export type ModelReference =
  /** `account` null: the provider account. */
  | {
      readonly kind: 'model';
      readonly account: string | null;
      readonly id: string;
      readonly deployment: string | null;
    }
  | { readonly kind: 'deployed-model'; readonly name: string }
  | { readonly kind: 'deployment'; readonly name: string };

/** Splits a model string; null when it has none of the documented forms. */
export function parseModelReference(text: string): ModelReference | null {
  const hash = text.indexOf('#');
  const path = (hash < 0 ? text : text.slice(0, hash)).split('/');
  if (path.some((segment) => segment === '')) return null;
  const deployment = hash < 0 ? null : parseDeployment(text.slice(hash + 1));
  if (hash >= 0 && deployment === null) return null;
  const [first, second, third, fourth] = path;
  if (path.length === 1) return { kind: 'model', account: null, id: first!, deployment };
  if (path.length === 2) return { kind: 'model', account: first!, id: second!, deployment };
  if (path.length !== 4 || first !== 'accounts') return null;
  if (third === 'models') return { kind: 'model', account: second!, id: fourth!, deployment };
  if (deployment !== null) return null;
  if (third === 'deployedModels') return { kind: 'deployed-model', name: text };
  if (third === 'deployments') return { kind: 'deployment', name: text };
  return null;
}

/** The full name of the deployment behind `#`: `accounts/B/deployments/D` or `B/D`. */
function parseDeployment(text: string): string | null {
  const path = text.split('/');
  if (path.some((segment) => segment === '')) return null;
  if (path.length === 2) return `accounts/${path[0]}/deployments/${path[1]}`;
  if (path.length === 4 && path[0] === 'accounts' && path[2] === 'deployments') return text;
  return null;
}
