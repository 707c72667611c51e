import { compileChecker, EngineRerankRequest, InferenceError } from '@sparkler/api';
import type { FastifyInstance } from 'fastify';
import { checkBody, refuseField } from './check-body.ts';
import type { HttpContext } from './http-context.ts';
import { createPauses } from './pauses.ts';
import { readBillNote } from './read-bill-note.ts';
import { reportReading } from './report-reading.ts';
import { framePair, readPairFrame, takesTask } from './rerank/frame-pair.ts';
import { resolveAdapter } from './resolve-adapter.ts';
import { tellPrompt } from './tell-prompt.ts';
import { watchCaller } from './watch-caller.ts';

const checker = compileChecker(EngineRerankRequest);

const defaultTask = 'Given a query, retrieve documents that answer it';

/** POST /v1/rerank: documents by how well they answer the query, best first. */
export function addRerankRoute(server: FastifyInstance, context: HttpContext): void {
  const { model, runner } = context;
  const frame = readPairFrame(model.description.metadata, model.tokenizer);
  server.post('/v1/rerank', async (request, reply) => {
    const arrivedMs = performance.now();
    const body = checkBody(checker, request.body);
    if (resolveAdapter(body.model, body.sparkler, context) !== null) {
      throw refuseField('model', 'documents are ranked with the base model only; name the base model');
    }
    if (model.description.pooling !== 'rank') {
      throw new InferenceError(400, `'${model.name}' is no reranker; serve a model with a ranking head`, {
        param: 'model',
      });
    }
    if (body.task && !takesTask(frame)) {
      throw refuseField('task', 'this reranker takes no instruction; leave task out');
    }
    const task = body.task ?? defaultTask;
    const pause = createPauses();
    const inputs: number[][] = [];
    for (const [index, document] of body.documents.entries()) {
      await pause();
      const input = framePair(frame, { query: body.query, document, task });
      if (input.length > context.embeddingTokensMax) {
        throw refuseField(
          `documents[${index}]`,
          `documents[${index}] and the query have ${input.length} tokens; this model reads ${context.embeddingTokensMax}`,
        );
      }
      inputs.push(input);
    }
    const promptTokens = inputs.reduce((sum, input) => sum + input.length, 0);
    tellPrompt(body.sparkler, reply.raw, promptTokens);
    const tokenizedMs = performance.now();
    const read = { id: body.sparkler?.request_id ?? request.id, note: readBillNote(request) };
    const embed = () => runner.embed(inputs, watchCaller(reply.raw));
    const vectors = await context.requestUsage.track(read, promptTokens, embed);
    const scores = vectors.map((vector) => sigmoid(vector[0] ?? 0));
    const readMs = performance.now() - tokenizedMs;
    const ranked = scores
      .map((score, index) => ({
        index,
        relevance_score: score,
        ...(body.return_documents === false ? {} : { document: body.documents[index] }),
      }))
      .sort((a, b) => b.relevance_score - a.relevance_score || a.index - b.index);
    return {
      object: 'list',
      model: body.model,
      data: ranked.slice(0, body.top_n ?? ranked.length),
      usage: { prompt_tokens: promptTokens, total_tokens: promptTokens },
      ...reportReading(body.sparkler, { promptTokens, tokenizeMs: tokenizedMs - arrivedMs, readMs }),
    };
  });
}

/** The head's score as a number between 0 and 1. */
function sigmoid(score: number): number {
  return 1 / (1 + Math.exp(-score));
}
