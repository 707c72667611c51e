import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { listSamples, runPythonSamples, type SampleResult } from './run-sample.ts';
import { startScriptedGateway } from './scripted-gateway.ts';

/**
 * Samples of guides/function-calling, each with its three steps as one program. On a scripted model: the
 * guide's own is 3,000 times the size of what a test can run.
 */

const guide = 'function-calling';
let gateway: Awaited<ReturnType<typeof startScriptedGateway>>;
let told: Record<string, SampleResult> | string;

beforeAll(async () => {
  gateway = await startScriptedGateway();
  told = await runPythonSamples(guide, listSamples(guide, '.py'), gateway.target);
}, 600_000);
afterAll(() => gateway?.close());

describe(guide, () => {
  test('city-population.py', (context) => {
    if (typeof told === 'string') return context.skip(told);
    const { output, error } = told['city-population.py']!;
    expect(error).toBeNull();
    expect(output).toContain('"name": "get_city_population"');
    expect(output).toContain(`city_name='San Francisco'\n{'population': 883305}\n`);
    expect(output).toContain('"content": "The population of San Francisco is 883305."');
  });

  test('financial-data.py', (context) => {
    if (typeof told === 'string') return context.skip(told);
    const { output, error } = told['financial-data.py']!;
    expect(error).toBeNull();
    expect(output).toContain(`metric='net_income' financial_year=2022 company='Nike'\n`);
    expect(output).toContain(
      `{'net_income': 6046000000}\nNike's net income for the year 2022 was $6,046,000,000.`,
    );
  });
});
