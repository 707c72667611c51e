import { int64, list, message, required, text, timestamp, word } from '../fields.ts';
import { usd } from './billing-messages.ts';

/** A server that takes inference requests, and holds parts of budgets for them. */
export const GatewayStanding = message('GatewayStanding', {
  gateway: text('Id of its data folder.'),
  hostName: text(),
  state: word(
    ['STATE_UNSPECIFIED', 'SERVING', 'SILENT', 'GONE', 'SETTLED'],
    'SILENT: it did not speak for a while. GONE: its requests are being settled. SETTLED: nothing of it is left.',
  ),
  heldUsd: usd('Lent to it, and neither spent nor given back.'),
  settledRequests: int64('Settled from what engines knew of them, since it is gone.'),
  releasedUsd: usd('What it held beyond, given back when it was settled.'),
  seenTime: timestamp('When it last spoke.'),
  goneTime: timestamp('Since when it is taken for gone.'),
});

export const GatewayList = message('GatewayList', { gateways: list(GatewayStanding) });

export const SettleGatewayRequest = message('SettleGatewayRequest', {
  gateway: required(text('Its id, as listGateways has it.', { maxLength: 128 })),
});
