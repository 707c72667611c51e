import type { RequestHeaders } from '../request-headers.ts';
import type { ServedModel } from '../served-model.ts';
import type { CompileGrammar } from './answer-format.ts';

/** What a plan needs besides the body. */
export interface PlanContext {
  readonly model: ServedModel;
  readonly requestId: string;
  readonly headers: RequestHeaders;
  readonly adapter: string | null;
  readonly compileGrammar: CompileGrammar;
}
