import type { ControlPlane } from './start-control-plane.ts';

/**
 * Puts a few of every resource that callers can make into the account of a control plane, unlike each other:
 * what all resources have in common is then tried on them.
 */
export async function populate(plane: ControlPlane): Promise<void> {
  const account = '/v1/accounts/acme';
  async function make(path: string, body: unknown): Promise<void> {
    const { status, body: reply } = await plane.call('POST', `${account}${path}`, body);
    if (status !== 200) throw new Error(`POST ${path}: ${status} ${JSON.stringify(reply)}`);
  }
  const emails = ['ann@acme.test', 'bob@acme.test', 'Cleo@acme.test'];
  for (const [index, email] of emails.entries()) {
    await make(`/users?userId=u${index}`, {
      email,
      role: index === 0 ? 'admin' : 'user',
      displayName: email,
    });
    await make('/apiKeys', { apiKey: { displayName: index === 2 ? '' : `Key "${index}"` } });
    await make('/users/root/apiKeys', {
      apiKey: { displayName: 'of root', expireTime: `20${30 + index}-01-01T00:00:00Z` },
    });
    await make('/secrets', { name: `s${index}`, keyName: `KEY_${index}`, value: email });
    await make('/datasets', {
      datasetId: `d${index}`,
      dataset: { userUploaded: {}, displayName: email, exampleCount: 3 ** index },
    });
  }
  const models = [
    {
      displayName: 'a',
      contextLength: 2048,
      public: true,
      baseModelDetails: { parameterCount: '9007199254740993' },
    },
    { displayName: 'B %_\\', contextLength: 4096, githubUrl: 'https://example.test' },
    {
      displayName: 'é',
      description: 'none',
      baseModelDetails: { worldSize: 2, moe: true, parameterCount: '7' },
    },
    {},
  ];
  for (const [index, model] of models.entries()) await make('/models', { modelId: `m${index}`, model });
  const peftDetails = { baseModel: 'm0', r: 8, targetModules: ['q_proj'] };
  for (const id of ['a0', 'a1'])
    await make('/models', { modelId: id, model: { displayName: id, peftDetails } });
  await plane.database.db
    .updateTable('models')
    .set({ state: 'READY' })
    .where('name', '<>', 'accounts/acme/models/m3')
    .execute();
  for (const index of [0, 1, 2]) {
    const deployment = {
      baseModel: `m${index}`,
      displayName: `D${index % 2}`,
      minReplicaCount: index,
      enableAddons: index === 0,
    };
    await make(`/deployments?deploymentId=p${index}`, {
      ...deployment,
      annotations: { tier: String(index) },
    });
  }
  for (const model of ['a0', 'a1'])
    await make('/deployedModels', { model, deployment: 'p0', description: model });
  for (const id of ['one', 'two'])
    await make('/PeftMergeJobs', { peftModel: 'a0', mergedModel: id, displayName: id });
  for (const epochs of [1, 2]) {
    const job = { dataset: 'd0', baseModel: 'm0', epochs, displayName: `E${epochs}` };
    await make(`/supervisedFineTuningJobs?supervisedFineTuningJobId=j${epochs}`, job);
  }
}
