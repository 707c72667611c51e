import type { FastifyInstance } from 'fastify';
import type { ControlPlaneContext } from './control-plane-context.ts';

/** Mounts the control plane: every resource that this server has handlers for. One line a resource. */
export function mountControlPlane(_app: FastifyInstance, _context: ControlPlaneContext): void {
  // Resources are added below, each by the file of its handlers.
}
