// Model, adapter, instance, content, and their deletion with the unmodified OCI SDK for
// TypeScript. Arguments: directory of its packages, key of the twin. Prints one line of JSON.
const path = require("path");
const { createRequire } = require("module");

const [packages, key] = process.argv.slice(2);
const load = createRequire(path.join(packages, "package.json"));
const common = load("oci-common");
const iot = load("oci-iot");

const uri = `dtmi:com:example:${key}:ts;1`;
const spec = {
  "@context": ["dtmi:dtdl:context;3", "dtmi:dtdl:extension:historization;1"],
  "@type": "Interface",
  "@id": uri,
  displayName: "Wasserz\u00e4hler \u6c34",
  contents: [{ "@type": ["Telemetry", "Historized"], name: "flow", schema: "double" }],
};

async function refused(call) {
  try {
    await call();
  } catch (error) {
    return { status: error.statusCode, code: error.serviceCode };
  }
  throw new Error("the call was not refused");
}

async function main() {
  const provider = new common.ConfigFileAuthenticationDetailsProvider(
    process.env.OCI_CONFIG_FILE,
    "LOCAL"
  );
  const client = new iot.IotClient(
    { authenticationDetailsProvider: provider },
    { retryConfiguration: common.NoRetryConfigurationDetails }
  );
  const iotDomainId = process.env.IOT_DOMAIN_ID;
  const { digitalTwinModel: model } = await client.createDigitalTwinModel({
    createDigitalTwinModelDetails: { iotDomainId, spec },
  });
  const read = await client.getDigitalTwinModelSpec({ digitalTwinModelId: model.id });
  const { digitalTwinAdapter: adapter } = await client.createDigitalTwinAdapter({
    createDigitalTwinAdapterDetails: { iotDomainId, digitalTwinModelSpecUri: uri },
  });
  const { digitalTwinInstance: instance } = await client.createDigitalTwinInstance({
    createDigitalTwinInstanceDetails: {
      iotDomainId,
      digitalTwinAdapterId: adapter.id,
      externalKey: key,
      authId: process.env.DEVICE_SECRET_ID,
    },
  });
  const listed = await client.listDigitalTwinModels({ iotDomainId, specUriStartsWith: uri });
  const got = await client.getDigitalTwinInstance({ digitalTwinInstanceId: instance.id });
  const content = await client.getDigitalTwinInstanceContent({
    digitalTwinInstanceId: instance.id,
  });
  const inUse = await refused(() =>
    client.deleteDigitalTwinModel({ digitalTwinModelId: model.id })
  );
  await client.deleteDigitalTwinInstance({ digitalTwinInstanceId: instance.id });
  await client.deleteDigitalTwinAdapter({ digitalTwinAdapterId: adapter.id });
  await client.deleteDigitalTwinModel({ digitalTwinModelId: model.id });
  const gone = await refused(() =>
    client.deleteDigitalTwinModel({ digitalTwinModelId: model.id })
  );
  const result = {
    displayName: model.displayName,
    listed: listed.digitalTwinModelCollection.items.map((item) => item.specUri),
    spec: read,
    externalKey: got.digitalTwinInstance.externalKey,
    timeCreated: !Number.isNaN(new Date(got.digitalTwinInstance.timeCreated).getTime()),
    etag: Boolean(got.etag),
    content,
    inUse,
    gone,
  };
  console.log(JSON.stringify(result));
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
