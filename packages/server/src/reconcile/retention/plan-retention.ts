import type { RetentionFacts } from '../../store/deployment-retention.ts';

export type RetentionStep =
  | { readonly kind: 'delete'; readonly name: string; readonly reason: string }
  | { readonly kind: 'purge'; readonly name: string };

/** An on-demand deployment that may sleep goes after this long without a request (spec). */
const unusedMs = 7 * 24 * 3_600_000;

/**
 * Deployments whose time is over: those that expired, those that may sleep and had no request for a week, and
 * deleted ones that nobody brought back in time. The provider's shared ones stay. Pure.
 */
export function planRetention(nowMs: number, deployments: readonly RetentionFacts[]): RetentionStep[] {
  return deployments.flatMap((facts): RetentionStep[] => {
    const { name, purgeTimeMs, expireTimeMs } = facts;
    if (purgeTimeMs !== null) return facts.isGone && purgeTimeMs <= nowMs ? [{ kind: 'purge', name }] : [];
    if (expireTimeMs !== null && expireTimeMs <= nowMs) {
      return [{ kind: 'delete', name, reason: 'its expire time has come' }];
    }
    if (facts.isProviders || facts.minReplicaCount > 0) return [];
    const usedMs = Math.max(facts.touchTimeMs, facts.lastRequestTimeMs ?? 0);
    return nowMs - usedMs >= unusedMs ? [{ kind: 'delete', name, reason: 'unused for 7 days' }] : [];
  });
}
