import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import koffi from 'koffi';
import { expect, test } from 'vitest';
import { NATIVE_STRUCT_SIZES, NATIVE_STRUCTS } from './struct-sizes.ts';

type Layout = Record<string, { size: number; offsets: Record<string, number> }>;

const FIXTURE = join(import.meta.dirname, 'fixtures', 'struct-layout.json');
const expected = JSON.parse(readFileSync(FIXTURE, 'utf8')) as Layout;

function declaredLayout(): Layout {
  const entries = Object.entries(NATIVE_STRUCTS).map(([name, struct]) => {
    const fields = Object.keys(koffi.type(struct).members ?? {});
    const offsets = Object.fromEntries(fields.map((field) => [field, koffi.offsetof(struct, field)]));
    return [name, { size: koffi.sizeof(struct), offsets }] as const;
  });
  return Object.fromEntries(entries);
}

/**
 * Folder with llama.h: SPARKLER_LLAMA_SOURCE, or a clone of the bundle inside the npm package node-llama-cpp.
 */
function findHeaders(scratch: string): string | null {
  const source = process.env.SPARKLER_LLAMA_SOURCE;
  if (source !== undefined) return source;
  const root = join(import.meta.dirname, '../../../..');
  const bundle = [root, join(root, 'bench/anchors')]
    .map((folder) => join(folder, 'node_modules/node-llama-cpp/llama/gitRelease.bundle'))
    .find((file) => existsSync(file));
  if (bundle === undefined) return null;
  execFileSync('git', ['clone', '-q', bundle, join(scratch, 'llama.cpp')], { stdio: 'ignore' });
  return join(scratch, 'llama.cpp');
}

/** The layout a C compiler sees in llama.h, or the reason why it cannot be had here. */
function compileLayout(): Layout | string {
  const scratch = mkdtempSync(join(tmpdir(), 'struct-layout-'));
  try {
    const headers = findHeaders(scratch);
    if (headers === null) return 'no llama.h: set SPARKLER_LLAMA_SOURCE to a llama.cpp v0.5.0 source folder';
    if (!hasCompiler()) return 'no C compiler (cc)';
    writeFileSync(join(scratch, 'layout.c'), makeProgram());
    const include = ['-I', join(headers, 'include'), '-I', join(headers, 'ggml', 'include')];
    execFileSync('cc', [...include, join(scratch, 'layout.c'), '-o', join(scratch, 'layout')]);
    return JSON.parse(execFileSync(join(scratch, 'layout'), { encoding: 'utf8' })) as Layout;
  } finally {
    rmSync(scratch, { recursive: true });
  }
}

function hasCompiler(): boolean {
  try {
    execFileSync('cc', ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/** A C program that prints every struct's size and offsets as JSON. */
function makeProgram(): string {
  const structs = Object.entries(declaredLayout()).map(([name, { offsets }]) => {
    const fields = Object.keys(offsets).map(
      (field) => `printf("\\"${field}\\":%zu", offsetof(struct ${name}, ${field}));`,
    );
    return `printf("\\"${name}\\":{\\"size\\":%zu,\\"offsets\\":{", sizeof(struct ${name}));
      ${fields.join(' putchar(44);\n')} printf("}}");`;
  });
  return `#include "llama.h"
    #include <stddef.h>
    #include <stdio.h>
    int main(void) { putchar(123); ${structs.join(' putchar(44);\n')} putchar(125); return 0; }`;
}

test('the declared structs have the layout recorded from llama.h', () => {
  expect(declaredLayout()).toEqual(expected);
});

test('the sizes the start-up guard checks are the recorded ones', () => {
  for (const [name, size] of Object.entries(NATIVE_STRUCT_SIZES))
    expect(expected[name]?.size, name).toBe(size);
});

const compiled = compileLayout();
const reason = typeof compiled === 'string' ? ` (skipped: ${compiled})` : '';
test.skipIf(typeof compiled === 'string')(`the recorded layout is what a C compiler sees${reason}`, () => {
  expect(compiled).toEqual(expected);
});
