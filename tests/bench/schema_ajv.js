// What ajv needs to check a parsed body against its type's schema, in µs: node schema_ajv.js CATALOGUE TYPE-FILE BODY. Where ajv is, NODE_PATH says.
"use strict";
const fs = require("fs");
const Ajv = require("ajv/dist/2020");
const [catalogue, file, bodyFile] = process.argv.slice(2);
const read = (path) => JSON.parse(fs.readFileSync(path));
const ajv = new Ajv({ strict: false });
require("ajv-formats")(ajv);
ajv.addSchema(read(`${catalogue}/common.json`), "common");
const validate = ajv.compile(read(`${catalogue}/${file}`).parts.main.schema);
const body = read(bodyFile);
if (!validate(body)) {
  console.error(JSON.stringify(validate.errors));
  process.exit(1);
}
let end = performance.now() + 500; // until it is compiled
while (performance.now() < end) validate(body);
const began = performance.now();
let count = 0;
for (end = began + 500; performance.now() < end; count += 100) for (let i = 0; i < 100; i++) validate(body);
console.log(JSON.stringify({ us: ((performance.now() - began) * 1000) / count, version: require("ajv/package.json").version }));
