import { ApiError, checkLegal, idOf, invalidField } from '@sparkler/api';
import { models } from '@sparkler/api/resources';
import { engineTypes } from '../../model-work/prepared.ts';
import { insertModelJob, readModelJob } from '../../store/model-jobs.ts';
import { lockModel, updateModel } from '../../store/models.ts';
import type { ControlPlaneContext } from '../control-plane-context.ts';
import type { HandlersOf } from '../handler.ts';
import { requireModel } from './check-model.ts';

/**
 * Asks for a copy of a model in another precision. Asking again, or for one that is there, changes nothing.
 */
export function makePrepareHandler({
  db,
  queue,
}: ControlPlaneContext): Pick<HandlersOf<typeof models>, 'prepare'> {
  return {
    prepare({ ids, name, body }, { principal }) {
      const { precision = 'PRECISION_UNSPECIFIED' } = body;
      return db.transaction().execute(async (transaction) => {
        const { resource } = requireModel(name, await lockModel(transaction, name), principal.account);
        checkLegal(models, 'prepare', name, resource.state ?? '');
        if (resource.kind === 'HF_PEFT_ADDON') {
          throw new ApiError(
            'FAILED_PRECONDITION',
            `${name} is an addon: its base model is what can be prepared`,
          );
        }
        if (resource.precisions?.includes(precision)) return {};
        const type = engineTypes[precision];
        if (type === undefined) {
          const known = Object.keys(engineTypes).join(', ');
          throw invalidField('precision', `${precision} can't be made of ${idOf(name)}; use one of ${known}`);
        }
        const job = `${name}/preparations/${precision}`;
        const known = await readModelJob(transaction, job);
        if (known?.state === 'pending' || known?.state === 'running') return {};
        await insertModelJob(transaction, {
          name: job,
          account: ids.account,
          kind: 'prepare',
          displayName: '',
          createdBy: principal.user,
          spec: { precision },
          model: name,
        });
        const message = `preparing ${precision}, which the built-in engine serves as ${type.words}`;
        await updateModel(transaction, { ...resource, status: { code: 'OK', message } });
        await queue.request({ kind: 'model-job', name: job }, transaction);
        return {};
      });
    },
  };
}
