// SPDX-License-Identifier: Apache-2.0
// The worker of Restate: a chain of ten steps that do nothing, and a fan.
import { load } from './common.mjs';

const restate = await load('restate', '@restatedev/restate-sdk');
const one = async () => 1;

const service = restate.service({
  name: 'Chain',
  handlers: {
    async run(context) {
      let sum = 0;
      for (let i = 0; i < 10; i++) sum += await context.run(`s${i}`, one);
      return sum;
    },
    async fan(context, width) {
      await context.run('first', one);
      const legs = Array.from({ length: width }, (_, i) => context.run(`p${i}`, one));
      const values = await restate.RestatePromise.all(legs);
      return context.run('join', () => values.length);
    },
  },
});
await restate.serve({ services: [service], port: Number(process.env.PORT) });
