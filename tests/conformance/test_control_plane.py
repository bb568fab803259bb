"""Every operation of the control plane but raw commands, called with the unmodified OCI Python SDK:
pages followed, waiters waited for (`IotClientCompositeOperations`)."""

import uuid

import oci
import pytest
from oci.iot import models

WAIT = {"max_wait_seconds": 60, "max_interval_seconds": 1}


@pytest.fixture(scope="session")
def composite(iot):
    """The SDK's waiters."""
    return oci.iot.IotClientCompositeOperations(iot)


@pytest.fixture
def group(iot, composite, env):
    """A domain group of the test's own."""
    details = models.CreateIotDomainGroupDetails(
        compartment_id=env["IOT_COMPARTMENT_ID"], type="DEVELOPMENT", display_name=name("group")
    )
    work = done(composite.create_iot_domain_group_and_wait_for_state(
        details, ["SUCCEEDED"], waiter_kwargs=WAIT))
    group = iot.get_iot_domain_group(resource_of(work)).data
    yield group
    composite.delete_iot_domain_group_and_wait_for_state(
        group.id, ["SUCCEEDED"], waiter_kwargs=WAIT)
    assert iot.get_iot_domain_group(group.id).data.lifecycle_state == "DELETED"


@pytest.fixture
def domain(iot, composite, env, group):
    """A domain of the test's own."""
    details = models.CreateIotDomainDetails(
        compartment_id=env["IOT_COMPARTMENT_ID"], iot_domain_group_id=group.id
    )
    work = done(composite.create_iot_domain_and_wait_for_state(
        details, ["SUCCEEDED"], waiter_kwargs=WAIT))
    domain = iot.get_iot_domain(resource_of(work)).data
    yield domain
    composite.delete_iot_domain_and_wait_for_state(
        domain.id, ["SUCCEEDED"], waiter_kwargs=WAIT)
    assert iot.get_iot_domain(domain.id).data.lifecycle_state == "DELETED"


def name(what):
    return f"{what}-{uuid.uuid4().hex[:8]}"


def done(response):
    """The work request of a waiter, which must have succeeded."""
    work = response.data
    assert (work.status, work.percent_complete) == ("SUCCEEDED", 100.0)
    assert work.time_started and work.time_finished
    return work


def resource_of(work):
    [resource] = work.resources
    assert resource.action_type in ("CREATED", "UPDATED", "DELETED")
    return resource.identifier


def refused(status, code, call, *arguments, **more):
    """The call must be refused so; the message."""
    with pytest.raises(oci.exceptions.ServiceError) as caught:
        call(*arguments, **more)
    assert (caught.value.status, caught.value.code) == (status, code), caught.value.message
    assert caught.value.request_id
    return caught.value.message


def test_groups(iot, composite, env, group):
    compartment = env["IOT_COMPARTMENT_ID"]
    assert (group.lifecycle_state, group.type) == ("ACTIVE", "DEVELOPMENT")
    assert group.data_host and group.db_allow_listed_vcn_ids is None
    etag = iot.get_iot_domain_group(group.id).headers["etag"]
    details = models.UpdateIotDomainGroupDetails(description="new", freeform_tags={"a": "b"})
    done(composite.update_iot_domain_group_and_wait_for_state(
        group.id, details, ["SUCCEEDED"], operation_kwargs={"if_match": etag}, waiter_kwargs=WAIT))
    changed = iot.get_iot_domain_group(group.id).data
    assert (changed.description, changed.freeform_tags) == ("new", {"a": "b"})
    refused(412, "NoEtagMatch", iot.update_iot_domain_group, group.id, details, if_match=etag)
    done(composite.configure_iot_domain_group_data_access_and_wait_for_state(
        group.id,
        models.ConfigureIotDomainGroupDataAccessDetails(
            db_allow_listed_vcn_ids=["ocid1.vcn.oc0.loc.a"]),
        ["SUCCEEDED"], waiter_kwargs=WAIT))
    assert iot.get_iot_domain_group(group.id).data.db_allow_listed_vcn_ids == ["ocid1.vcn.oc0.loc.a"]
    tenancy = iot.base_client.signer.api_key.split("/")[0]
    move = models.ChangeIotDomainGroupCompartmentDetails(compartment_id=tenancy)
    done(composite.change_iot_domain_group_compartment_and_wait_for_state(
        group.id, move, ["SUCCEEDED"], waiter_kwargs=WAIT))
    listed = iot.list_iot_domain_groups(tenancy, id=group.id, type="DEVELOPMENT").data.items
    assert [item.id for item in listed] == [group.id]
    assert iot.list_iot_domain_groups(compartment, id=group.id).data.items == []


def test_domains(iot, composite, env, server, group, domain):
    assert domain.device_host and domain.db_allowed_identity_domain_host is None
    assert f" {domain.device_host}\n" in (server.client / "hosts").read_text()
    assert domain.data_retention_periods_in_days.historized_data == 30
    done(composite.update_iot_domain_and_wait_for_state(
        domain.id, models.UpdateIotDomainDetails(display_name="renamed"), ["SUCCEEDED"],
        waiter_kwargs=WAIT))
    done(composite.change_iot_domain_data_retention_period_and_wait_for_state(
        domain.id,
        models.ChangeIotDomainDataRetentionPeriodDetails(
            type="RAW_DATA", data_retention_period_in_days=40),
        ["SUCCEEDED"], waiter_kwargs=WAIT))
    own = iot.get_iot_domain(env["IOT_DOMAIN_ID"]).data.db_allowed_identity_domain_host
    for details in (
        models.OrdsDataAccessDetails(db_allowed_identity_domain_host=own),
        models.DirectDataAccessDetails(
            db_allow_listed_identity_group_names=["ocid1.tenancy.oc0..a:Default/People"]),
        models.ApexDataAccessDetails(db_workspace_admin_initial_password="x" * 12),
    ):
        done(composite.configure_iot_domain_data_access_and_wait_for_state(
            domain.id, details, ["SUCCEEDED"], waiter_kwargs=WAIT))
    tenancy = iot.base_client.signer.api_key.split("/")[0]
    done(composite.change_iot_domain_compartment_and_wait_for_state(
        domain.id, models.ChangeIotDomainCompartmentDetails(compartment_id=tenancy),
        ["SUCCEEDED"], waiter_kwargs=WAIT))
    changed = iot.get_iot_domain(domain.id).data
    assert (changed.display_name, changed.compartment_id) == ("renamed", tenancy)
    assert changed.data_retention_periods_in_days.raw_data == 40
    assert changed.db_allowed_identity_domain_host == own
    assert changed.db_allow_listed_identity_group_names == ["ocid1.tenancy.oc0..a:Default/People"]
    [item] = iot.list_iot_domains(tenancy, iot_domain_group_id=group.id).data.items
    assert item.id == domain.id and not hasattr(item, "device_host")
    refused(409, "Conflict", iot.delete_iot_domain_group, group.id)
    message = refused(
        400, "InvalidParameter", iot.configure_iot_domain_data_access, domain.id,
        models.ApexDataAccessDetails(db_workspace_admin_initial_password="short"))
    assert "dbWorkspaceAdminInitialPassword" in message


def test_work_requests(iot, env, domain):
    compartment = env["IOT_COMPARTMENT_ID"]
    summaries = oci.pagination.list_call_get_all_results(
        iot.list_work_requests, compartment, limit=1, resource_id=domain.id).data
    [work] = [work for work in summaries if work.operation_type == "CREATE_IOT_DOMAIN"]
    got = iot.get_work_request(work.id)
    assert got.headers["etag"] and int(got.headers["retry-after"]) >= 0
    assert got.data.resources[0].entity_type == "iotdomain"
    logs = oci.pagination.list_call_get_all_results(
        iot.list_work_request_logs, work.id, limit=1, sort_order="ASC").data
    assert [entry.message.split()[-1] for entry in logs][0::len(logs) - 1] == ["begun", "succeeded"]
    assert iot.list_work_request_errors(work.id).data.items == []
    listed = iot.list_work_requests(compartment, status="SUCCEEDED", sort_by="timeAccepted").data
    assert work.id in [item.id for item in listed.items]


def test_models_and_adapters(iot, composite, twins):
    twin = twins.custom_adapter()
    details = models.UpdateDigitalTwinModelDetails(display_name="m", description="d")
    changed = composite.update_digital_twin_model_and_wait_for_state(
        twin.model.id, details, ["ACTIVE"], waiter_kwargs=WAIT).data
    assert (changed.display_name, changed.description) == ("m", "d")
    got = iot.get_digital_twin_model_spec(twin.model.id)
    assert got.data["@id"] == twin.model.spec_uri and got.headers["etag"]
    before = iot.get_digital_twin_adapter(twin.adapter.id).data
    changed = composite.update_digital_twin_adapter_and_wait_for_state(
        twin.adapter.id,
        models.UpdateDigitalTwinAdapterDetails(
            display_name="a", inbound_routes=before.inbound_routes[:1]),
        ["ACTIVE"], waiter_kwargs=WAIT).data
    assert len(changed.inbound_routes) == 1 and changed.inbound_envelope
    [item] = iot.list_digital_twin_adapters(
        twins.domain_id, digital_twin_model_spec_uri=twin.model.spec_uri).data.items
    assert not hasattr(item, "inbound_routes")
    refused(409, "Conflict", iot.delete_digital_twin_model, twin.model.id)
    refused(409, "Conflict", iot.delete_digital_twin_adapter, twin.adapter.id)


def test_instances(iot, composite, twins):
    made = [twins.unstructured() for _ in range(5)]
    listed = oci.pagination.list_call_get_all_results(
        iot.list_digital_twin_instances, twins.domain_id, limit=2, sort_by="displayName").data
    names = [item.display_name for item in listed]
    assert names == sorted(names) and {twin.id for twin in made} <= {item.id for item in listed}
    twin = made[0]
    response = iot.get_digital_twin_instance(twin.id)
    changed = composite.update_digital_twin_instance_and_wait_for_state(
        twin.id, models.UpdateDigitalTwinInstanceDetails(external_key=twin.key + "-x"), ["ACTIVE"],
        operation_kwargs={"if_match": response.headers["etag"]}, waiter_kwargs=WAIT).data
    assert changed.external_key == twin.key + "-x"
    assert twin.device.post("a", b"1", "text/plain").status_code == 401, "the old key is gone"
    message = refused(
        400, "InvalidParameter", iot.update_digital_twin_instance, twin.id,
        models.UpdateDigitalTwinInstanceDetails(connectivity_type="INDIRECT", display_name="x" * 256))
    assert "gateways: " in message and "displayName: " in message
    composite.delete_digital_twin_instance_and_wait_for_state(
        twin.id, ["DELETED"], waiter_kwargs=WAIT)
    assert iot.get_digital_twin_instance(twin.id).data.lifecycle_state == "DELETED"
    refused(404, "NotAuthorizedOrNotFound", iot.delete_digital_twin_instance, twin.id)


def test_content_of_a_deleted_instance_stays_readable(iot, twins):
    twin = twins.default_adapter()
    assert twin.device.post("t", '{"sht_temperature": 20.5}').status_code == 202
    iot.delete_digital_twin_instance(twin.id)
    content = iot.get_digital_twin_instance_content(twin.id, should_include_metadata=True).data
    assert content["_metadata"]["timeLastHeard"].endswith("+00:00")


def test_relationships(iot, composite, twins):
    uri = f"dtmi:test:{name('r').replace('-', '_')};1"
    spec = {
        "@context": "dtmi:dtdl:context;3", "@type": "Interface", "@id": uri,
        "contents": [{
            "@type": "Relationship", "name": "feeds", "target": uri,
            "properties": [{"@type": "Property", "name": "share", "schema": "double"}],
        }],
    }
    details = models.CreateDigitalTwinModelDetails(iot_domain_id=twins.domain_id, spec=spec)
    model = composite.create_digital_twin_model_and_wait_for_state(
        details, ["ACTIVE"], waiter_kwargs=WAIT).data
    ends = []
    for _ in range(2):
        details = models.CreateDigitalTwinInstanceDetails(
            iot_domain_id=twins.domain_id, digital_twin_model_id=model.id)
        ends.append(composite.create_digital_twin_instance_and_wait_for_state(
            details, ["ACTIVE"], waiter_kwargs=WAIT).data)
    details = models.CreateDigitalTwinRelationshipDetails(
        iot_domain_id=twins.domain_id, content_path="feeds", content={"share": 0.5},
        source_digital_twin_instance_id=ends[0].id, target_digital_twin_instance_id=ends[1].id)
    link = composite.create_digital_twin_relationship_and_wait_for_state(
        details, ["ACTIVE"], waiter_kwargs=WAIT).data
    refused(409, "NotAuthorizedOrResourceAlreadyExists",
            iot.create_digital_twin_relationship, details)
    changed = composite.update_digital_twin_relationship_and_wait_for_state(
        link.id, models.UpdateDigitalTwinRelationshipDetails(content={"share": 0.25}), ["ACTIVE"],
        waiter_kwargs=WAIT).data
    assert changed.content == {"share": 0.25}
    assert iot.get_digital_twin_relationship(link.id).data.content == {"share": 0.25}
    [item] = iot.list_digital_twin_relationships(
        twins.domain_id, source_digital_twin_instance_id=ends[0].id, content_path="feeds").data.items
    assert item.id == link.id
    refused(409, "Conflict", iot.delete_digital_twin_instance, ends[1].id)
    composite.delete_digital_twin_relationship_and_wait_for_state(
        link.id, ["DELETED"], waiter_kwargs=WAIT)
    for end in ends:
        iot.delete_digital_twin_instance(end.id)
    composite.delete_digital_twin_model_and_wait_for_state(
        model.id, ["DELETED"], waiter_kwargs=WAIT)


def test_flow_runtimes(iot, composite, env):
    compartment = env["IOT_COMPARTMENT_ID"]
    details = models.CreateIotFlowRuntimeDetails(
        compartment_id=compartment, iot_domain_id=env["IOT_DOMAIN_ID"], scale="LOW",
        display_name=name("flows"),
        network_config=models.NetworkConfigDetails(subnet_id="ocid1.subnet.oc0.loc.a"))
    work = done(composite.create_iot_flow_runtime_and_wait_for_state(
        details, ["SUCCEEDED"], waiter_kwargs=WAIT))
    runtime = iot.get_iot_flow_runtime(resource_of(work)).data
    assert (runtime.lifecycle_state, runtime.scale) == ("ACTIVE", "LOW")
    assert runtime.network_config.subnet_id and runtime.flow_runtime_host
    done(composite.deactivate_iot_flow_runtime_and_wait_for_state(
        runtime.id, ["SUCCEEDED"], waiter_kwargs=WAIT))
    assert iot.get_iot_flow_runtime(runtime.id).data.lifecycle_state == "INACTIVE"
    document = {"nodes": [{"id": "1"}], "rev": "a"}
    etag = iot.get_iot_flow_runtime_flows(runtime.id).headers["etag"]
    kept = iot.update_iot_flow_runtime_flows(runtime.id, document, if_match=etag)
    assert kept.data == document and kept.headers["etag"] != etag
    assert iot.get_iot_flow_runtime_flows(runtime.id).data == document
    work = done(composite.activate_iot_flow_runtime_and_wait_for_state(
        runtime.id, ["SUCCEEDED"], waiter_kwargs=WAIT))
    logs = iot.list_work_request_logs(work.id).data.items
    assert any("does not run flows" in entry.message for entry in logs)
    done(composite.update_iot_flow_runtime_and_wait_for_state(
        runtime.id, models.UpdateIotFlowRuntimeDetails(scale="HIGH"), ["SUCCEEDED"],
        waiter_kwargs=WAIT))
    tenancy = iot.base_client.signer.api_key.split("/")[0]
    done(composite.change_iot_flow_runtime_compartment_and_wait_for_state(
        runtime.id, models.ChangeIotFlowRuntimeCompartmentDetails(compartment_id=tenancy),
        ["SUCCEEDED"], waiter_kwargs=WAIT))
    [item] = iot.list_iot_flow_runtimes(tenancy, id=runtime.id).data.items
    assert (item.scale, item.lifecycle_state) == ("HIGH", "ACTIVE")
    composite.delete_iot_flow_runtime_and_wait_for_state(
        runtime.id, ["SUCCEEDED"], waiter_kwargs=WAIT)


def test_a_second_domain_has_devices_and_tokens_of_its_own(iot, composite, env, domain, group):
    import json

    import requests

    own = iot.get_iot_domain(env["IOT_DOMAIN_ID"]).data.db_allowed_identity_domain_host
    composite.configure_iot_domain_data_access_and_wait_for_state(
        domain.id, models.OrdsDataAccessDetails(db_allowed_identity_domain_host=own), ["SUCCEEDED"],
        waiter_kwargs=WAIT)
    key = name("key")
    instance = iot.create_digital_twin_instance(models.CreateDigitalTwinInstanceDetails(
        iot_domain_id=domain.id, external_key=key, auth_id=env["DEVICE_SECRET_ID"])).data
    device = f"https://{domain.device_host}:{env['IOT_HTTPS_PORT']}/plant/a"
    login = (key, env["DEVICE_PASSWORD"])
    assert requests.post(device, data=b"{}", auth=login, timeout=10).status_code == 202
    short, of_group = (host.split(".")[0] for host in (domain.device_host, group.data_host))
    token = requests.post(
        env["OAUTH_ENDPOINT"], timeout=10,
        auth=(env["IAM_APP_CLIENT_ID"], env["IAM_APP_CLIENT_SECRET"]),
        data={"grant_type": "client_credentials", "scope": f"/{of_group}/iot/{short}"})
    assert token.status_code == 200, token.text
    bearer = {"Authorization": f"Bearer {token.json()['access_token']}"}
    rows = requests.get(
        f"https://{group.data_host}/ords/{short}/20250531/rawData", headers=bearer, timeout=10,
        params={"q": json.dumps({"digital_twin_instance_id": instance.id})})
    assert rows.json()["count"] == 1, rows.text
    first = requests.get(f"{env['IOT_DATA_ENDPOINT']}/rawData", headers=bearer, timeout=10)
    assert first.status_code in (401, 403), "the token is for the other domain"


def test_a_retry_token_is_answered_twice_and_done_once(iot, twins):
    details = models.CreateDigitalTwinInstanceDetails(
        iot_domain_id=twins.domain_id, external_key=name("retry"))
    token = uuid.uuid4().hex
    first = iot.create_digital_twin_instance(details, opc_retry_token=token)
    twins.removals.append((iot.delete_digital_twin_instance, first.data.id))
    again = iot.create_digital_twin_instance(details, opc_retry_token=token)
    assert (again.data, again.headers["etag"]) == (first.data, first.headers["etag"])
    details.description = "other"
    refused(409, "InvalidatedRetryToken",
            iot.create_digital_twin_instance, details, opc_retry_token=token)
