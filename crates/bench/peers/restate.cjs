// The service behind a Restate server: a handler of ten journaled steps that do nothing, each awaited before the next
// begins, as the states of a machine are. Arguments: port. NODE_PATH names the folder the SDK is installed in.
'use strict';
// The SDK calls what only Node 22 has (ECMAScript 2024).
Promise.withResolvers ??= function withResolvers() {
  const made = {};
  made.promise = new this((resolve, reject) => Object.assign(made, { resolve, reject }));
  return made;
};
const http2 = require('node:http2');
const restate = require('@restatedev/restate-sdk');

const steps = restate.service({
  name: 'steps',
  handlers: {
    ten: async (context, input) => {
      let value = input;
      for (let number = 0; number < 10; number += 1) {
        const passed = value;
        value = await context.run(`S${number}`, () => passed);
      }
      return value;
    },
  },
});
const handler = restate.endpoint().bind(steps).http2Handler();
http2.createServer(handler).listen(Number(process.argv[2]), '127.0.0.1');
