import { convertModelFolder, loadLibrary, quantizeModelFile } from '@sparkler/llama';
import { checkAdapter } from './check-adapter.ts';
import { checkModelConfig } from './check-config.ts';
import { checkModel } from './check-model.ts';
import { mergeModel } from './merge-model.ts';
import type { ModelReply, ModelTask } from './protocol.ts';
import { problemsOf } from './refusal.ts';

/** Runs a task. Rejects for faults that are not the files' own: no space, no memory, a fault of ours. */
export async function runTask(task: ModelTask): Promise<ModelReply> {
  try {
    return { type: 'done', result: await carryOut(task) };
  } catch (error) {
    const problems = problemsOf(error, 'folder' in task ? task.folder : '');
    if (problems === null) throw error;
    return { type: 'refused', problems };
  }
}

async function carryOut(task: ModelTask): Promise<Extract<ModelReply, { type: 'done' }>['result']> {
  switch (task.task) {
    case 'check-model':
      return checkModel(task.folder, task.name);
    case 'check-adapter':
      return checkAdapter(task.folder, task.base);
    case 'check-config':
      checkModelConfig(task.config);
      return null;
    case 'convert': {
      const { bytes } = await convertModelFolder(task);
      return { bytes };
    }
    case 'quantize':
      return quantizeModelFile(loadLibrary(), { ...task, allowRequantize: true });
    case 'merge':
      return mergeModel(task);
  }
}
