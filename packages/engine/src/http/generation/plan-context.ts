import type { ConstraintFactory } from '../../core/constraint.ts';
import type { RequestHeaders } from '../request-headers.ts';
import type { ServedModel } from '../served-model.ts';

/** What a plan needs besides the body. */
export interface PlanContext {
  readonly model: ServedModel;
  readonly requestId: string;
  readonly headers: RequestHeaders;
  readonly adapter: string | null;
  /** Text of the grammar of the request, for raw_output. */
  readonly grammarText: string | null;
  /** The restriction of one prompt's answer, from the compiled format of the request. */
  readonly constrain: (about: ConstrainAbout) => ConstraintFactory | null;
}

export interface ConstrainAbout {
  readonly maxTokens: number;
  /** The prompt ended inside the reasoning tag. */
  readonly openedReasoning: boolean;
}
