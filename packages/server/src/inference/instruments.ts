import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { UsageRecord } from './metering.ts';

/**
 * Prometheus instruments of the gateway. No label names a tenant or a model: /metrics is open to the network.
 */
export interface Instruments {
  /** Counts a finished request. */
  observe(usage: UsageRecord): void;
}

const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300];

export function createInstruments(
  registry: Registry,
  counts: () => { running: number; waiting: number },
): Instruments {
  const registers = [registry];
  const requests = new Counter({
    name: 'sparkler_inference_requests_total',
    help: 'Inference requests that were admitted, by endpoint and status.',
    labelNames: ['endpoint', 'status'],
    registers,
  });
  const duration = new Histogram({
    name: 'sparkler_inference_duration_seconds',
    help: 'From the request received to its last byte sent.',
    labelNames: ['endpoint'],
    buckets: SECONDS,
    registers,
  });
  const firstToken = new Histogram({
    name: 'sparkler_inference_first_token_seconds',
    help: 'From the request received to the first byte of its answer.',
    labelNames: ['endpoint'],
    buckets: SECONDS,
    registers,
  });
  const tokens = new Counter({
    name: 'sparkler_inference_tokens_total',
    help: 'Tokens of admitted requests: prompt, cached (part of prompt) and completion.',
    labelNames: ['kind'],
    registers,
  });
  observeOpen(registers, counts);
  return {
    observe(usage) {
      requests.inc({ endpoint: usage.endpoint, status: usage.status });
      duration.observe({ endpoint: usage.endpoint }, usage.durationMs / 1000);
      if (usage.firstTokenMs !== null)
        firstToken.observe({ endpoint: usage.endpoint }, usage.firstTokenMs / 1000);
      tokens.inc({ kind: 'prompt' }, usage.promptTokens);
      tokens.inc({ kind: 'cached' }, usage.cachedPromptTokens);
      tokens.inc({ kind: 'completion' }, usage.completionTokens);
    },
  };
}

function observeOpen(registers: Registry[], counts: () => { running: number; waiting: number }): void {
  new Gauge({
    name: 'sparkler_inference_running',
    help: 'Inference requests on a replica now.',
    registers,
    collect() {
      this.set(counts().running);
    },
  });
  new Gauge({
    name: 'sparkler_inference_waiting',
    help: 'Inference requests waiting for a replica now.',
    registers,
    collect() {
      this.set(counts().waiting);
    },
  });
}
