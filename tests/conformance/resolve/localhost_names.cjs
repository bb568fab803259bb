// Every name under `localhost` is this machine, as RFC 6761 asks of resolvers; for Node.js, loaded
// with --require.
const dns = require("dns");
const lookup = dns.lookup;

dns.lookup = function (name, options, callback) {
  const here = typeof name === "string" && name.toLowerCase().endsWith(".localhost");
  return lookup.call(dns, here ? "127.0.0.1" : name, options, callback);
};
