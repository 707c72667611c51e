import { InferenceError } from '@sparkler/api';
import type { FastifyInstance } from 'fastify';
import {
  type PaymentEvent,
  type PostedEvent,
  UnverifiedEventError,
} from '../../billing/payments/payment-provider.ts';
import { recordPaymentEvent } from '../../billing/payments/record-payment-event.ts';
import { refuseWrongKey } from '../../http/refuse-wrong-key.ts';
import type { ControlPlaneContext } from '../control-plane-context.ts';

const eventBytesMax = 256 * 1024;

/** POST /payments/events, where the payments provider tells how payments ended. It has no key: it signs. */
export function mountPaymentEvents(app: FastifyInstance, context: ControlPlaneContext): void {
  const { payments } = context;
  app.register(async (scope) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('*', { parseAs: 'buffer', bodyLimit: eventBytesMax }, (_request, body, done) =>
      done(null, body),
    );
    scope.post('/payments/events', { bodyLimit: eventBytesMax }, async (request) => {
      if (payments.readEvent === undefined) {
        throw new InferenceError(
          404,
          `the payments provider '${payments.id}' (SPARKLER_PAYMENTS) posts nothing`,
        );
      }
      const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
      const post: PostedEvent = { headers: request.headers, body };
      const event: PaymentEvent | null = await payments.readEvent(post).catch(async (error: unknown) => {
        if (error instanceof UnverifiedEventError)
          throw await refuseWrongKey(context, request, error.message);
        throw error;
      });
      if (event === null) return { received: true };
      const { name } = await recordPaymentEvent(context, payments.id, event);
      await context.keys.refresh?.();
      context.log.info({ requestId: request.id, payment: name, state: event.state }, 'a payment was told');
      return { received: true };
    });
  });
}
