"""Digital twins made with the unmodified OCI SDK, each test its own."""

import uuid
from dataclasses import dataclass

from oci.iot import models

from device import Device


@dataclass
class Twin:
    """The parts of one twin, and its device."""

    key: str
    device: Device
    instance: object
    adapter: object = None
    model: object = None

    @property
    def id(self):
        return self.instance.id


class Twins:
    """Creates twins of the three sample kinds, and removes what it created."""

    def __init__(self, server, iot):
        self.server = server
        self.iot = iot
        self.domain_id = server.env["IOT_DOMAIN_ID"]
        self.removals = []

    def unstructured(self, **members):
        """A twin that takes any bytes."""
        key = new_key()
        return Twin(key, self._device(key), self._instance(key, **members))

    def make(self, key, adapter=None, **members):
        """A twin with any members of an instance."""
        return Twin(key, self._device(key), self._instance(key, adapter, **members), adapter)

    def default_adapter(self):
        """A twin whose payloads are named as in the model."""
        key = new_key()
        model = self.create_model(key, "m5_model_default.json")
        adapter = self.create_adapter(key, model)
        return Twin(key, self._device(key), self._instance(key, adapter), adapter, model)

    def custom_adapter(self):
        """A twin with envelope and routes."""
        key = new_key()
        model = self.create_model(key, "m5_model_custom.json")
        adapter = self.create_adapter(
            key,
            model,
            inbound_envelope=self.envelope(),
            inbound_routes=self.routes(),
        )
        return Twin(key, self._device(key), self._instance(key, adapter), adapter, model)

    def with_route(self, mapping):
        """A twin of the custom model whose one route takes everything."""
        key = new_key()
        model = self.create_model(key, "m5_model_custom.json")
        route = models.DigitalTwinAdapterInboundRoute(condition="*", payload_mapping=mapping)
        adapter = self.create_adapter(
            key, model, inbound_envelope=self.envelope(), inbound_routes=[route]
        )
        return Twin(key, self._device(key), self._instance(key, adapter), adapter, model)

    def create_model(self, key, file):
        """A model with its own DTMI."""
        spec = self.server.definition(file)
        spec["@id"] = dtmi(key)
        details = models.CreateDigitalTwinModelDetails(
            iot_domain_id=self.domain_id,
            display_name=dtmi(key),
            description=f"model of {key}",
            spec=spec,
        )
        model = self.iot.create_digital_twin_model(details).data
        self.removals.append((self.iot.delete_digital_twin_model, model.id))
        return model

    def create_adapter(self, key, model, **halves):
        """An adapter of the model; the default one without further arguments."""
        details = models.CreateDigitalTwinAdapterDetails(
            iot_domain_id=self.domain_id,
            display_name=f"{key}-adapter",
            digital_twin_model_spec_uri=model.spec_uri,
            **halves,
        )
        adapter = self.iot.create_digital_twin_adapter(details).data
        self.removals.append((self.iot.delete_digital_twin_adapter, adapter.id))
        return adapter

    def envelope(self):
        """The sample envelope, as the SDK's own types."""
        file = self.server.definition("m5_adapter_envelope.json")
        return models.DigitalTwinAdapterInboundEnvelope(
            reference_endpoint=file["referenceEndpoint"],
            reference_payload=models.DigitalTwinAdapterJsonPayload(
                data=file["referencePayload"]["data"]
            ),
            envelope_mapping=models.DigitalTwinAdapterEnvelopeMapping(
                time_observed=file["envelopeMapping"]["timeObserved"]
            ),
        )

    def routes(self):
        """The sample routes, as the SDK's own types."""
        return [
            models.DigitalTwinAdapterInboundRoute(
                condition=route["condition"],
                description=route.get("description"),
                payload_mapping=route["payloadMapping"],
            )
            for route in self.server.definition("m5_adapter_routes.json")
        ]

    def remove_all(self):
        """Deletes in the order that dependencies ask for; what is gone already is fine."""
        for delete, key in reversed(self.removals):
            try:
                delete(key)
            except Exception as error:  # noqa: BLE001
                if getattr(error, "status", None) != 404:
                    raise

    def _instance(self, key, adapter=None, **members):
        members.setdefault("auth_id", self.server.env["DEVICE_SECRET_ID"])
        details = models.CreateDigitalTwinInstanceDetails(
            iot_domain_id=self.domain_id,
            display_name=f"{key}-01",
            description=f"instance of {key}",
            external_key=key,
            digital_twin_adapter_id=adapter.id if adapter else None,
            **members,
        )
        instance = self.iot.create_digital_twin_instance(details).data
        self.removals.append((self.iot.delete_digital_twin_instance, instance.id))
        return instance

    def _device(self, key):
        return Device(self.server.env, key)


def new_key():
    """A name nobody has; it becomes part of a DTMI, so letters first."""
    return f"t{uuid.uuid4().hex[:12]}"


def dtmi(key):
    """The DTMI of a test's model."""
    return f"dtmi:com:example:{key}:m5;1"
