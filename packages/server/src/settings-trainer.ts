import { Type } from 'typebox';

/** Settings of what trains fine-tuning jobs. */
export const trainerSettingsProperties = {
  trainer: Type.Union([Type.Literal('embedded'), Type.Literal('python')], {
    env: 'SPARKLER_TRAINER',
    default: 'embedded',
    description: 'What trains: embedded (processors, no Python), or python (GPUs: docs/fine-tuning.md).',
  }),
  trainerPython: Type.String({
    env: 'SPARKLER_TRAINER_PYTHON',
    default: '',
    defaultText: 'gpu-trainer/bin/python in the cache folder',
    description: 'Python of the environment that packages/trainer/python/requirements.lock describes.',
  }),
  trainerDevice: Type.Union([Type.Literal('cuda'), Type.Literal('cpu')], {
    env: 'SPARKLER_TRAINER_DEVICE',
    default: 'cuda',
    description: 'Where the Python trainer computes; cpu is for trying it out.',
  }),
  trainerProcesses: Type.Integer({
    env: 'SPARKLER_TRAINER_PROCESSES',
    minimum: 0,
    maximum: 64,
    default: 0,
    defaultText: 'one a GPU',
    description: 'Processes of a job with isTurbo in the Python trainer.',
  }),
};
