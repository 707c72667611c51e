import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { type ClusterJob, planClusterJob, planTorchrun } from './plan-job.ts';

/** That every field exists and has its type is checked by the types of Kubernetes' own OpenAPI document. */

const job: ClusterJob = {
  name: 'tune-1',
  namespace: 'training',
  image: 'example.com/trainer:1',
  nodes: 2,
  gpusPerNode: 8,
  claim: 'jobs',
  folder: 'acme/tune-1',
  strategy: 'fsdp',
  memory: '512Gi',
};

describe('a job on several nodes', () => {
  it('has a pod for each, which find the first by the service', () => {
    const [service, made] = planClusterJob(job);
    const { spec } = made;
    expect(spec).toMatchObject({ completions: 2, parallelism: 2, completionMode: 'Indexed' });
    const pod = spec!.template.spec!;
    const [container] = pod.containers;
    // What the API server itself refuses: a failure policy without Never, a mount without its volume.
    expect(pod.restartPolicy).toBe('Never');
    expect(service.spec!.selector).toEqual(spec!.template.metadata!.labels);
    expect(pod.subdomain).toBe(service.metadata!.name);
    const names = pod.volumes!.map((volume) => volume.name);
    expect(container!.volumeMounts!.map((mount) => mount.name)).toEqual(names);
    expect(container!.resources!.limits!['nvidia.com/gpu']).toBe('8');
    expect([...container!.command!, ...container!.args!]).toEqual(planTorchrun(job));
    expect(planTorchrun(job)).toContain('--rdzv-endpoint=tune-1-0.tune-1:29400');
  });

  it('is refused a name or a folder that means something else', () => {
    for (const name of ['Tune', '1a', 'a_b', `a${'b'.repeat(60)}`]) {
      expect(() => planClusterJob({ ...job, name })).toThrow('a name is');
    }
    for (const folder of ['../other', '/etc', 'a b', '$(id)']) {
      expect(() => planClusterJob({ ...job, folder })).toThrow('within the volume');
    }
  });

  it('is printed for kubectl', () => {
    const program = fileURLToPath(new URL('../kubernetes-job.ts', import.meta.url));
    const words = '--name tune-1 --image i --claim c --folder f --nodes 2 --gpus 8'.split(' ');
    const printed = JSON.parse(execFileSync(process.execPath, [program, ...words], { encoding: 'utf8' }));
    expect(printed.items.map((item: { kind: string }) => item.kind)).toEqual(['Service', 'Job']);
    expect(() => execFileSync(process.execPath, [program, '--name', 'a'], { stdio: 'ignore' })).toThrow();
  });
});
