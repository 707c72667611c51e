import { describeTools, writeHermesCall } from './describe-tools.ts';
import { JsonCallsReader } from './json-calls.ts';
import { MarkedCallsParser } from './marked-calls.ts';
import type { ToolFamily } from './tool-family.ts';

/** FireFunction: v2 writes ` functools[{…}, …]`, v1 ` <functioncall> {…}`. */
export const firefunction: ToolFamily = {
  id: 'firefunction',
  markers: ['<functioncall>'],
  createParser: () =>
    new MarkedCallsParser({
      markers: ['functools[', '<functioncall>'],
      createReader: (marker) => {
        const reader = new JsonCallsReader({
          accepts: () => true,
          closing: marker === 'functools[' ? [] : ['</functioncall>'],
          separators: null,
        });
        if (marker === 'functools[') reader.push('[');
        return reader;
      },
    }),
  callSyntax: {
    trigger: 'functools[',
    before: 'functools[',
    nameKey: 'name',
    argumentsKey: 'arguments',
    after: ']',
    list: true,
    others: [{ trigger: '<functioncall>', onlyFirst: false, content: 'call', after: '' }],
  },
  describeTools,
  writeCall: writeHermesCall,
  formCallId: (id) => id,
};
