// Runs stepfunctions-local on loopback: its own program listens on every address of the host.
// Arguments: port. NODE_PATH names the folder it is installed in.
'use strict';
const net = require('node:net');
const listen = net.Server.prototype.listen;
net.Server.prototype.listen = function onLoopback(port, ...rest) {
  return listen.call(this, { port: Number(port), host: '127.0.0.1' }, ...rest);
};
require('stepfunctions-local/src/server').start({ port: Number(process.argv[2]) });
