"""`msgraph-sdk`: files in a channel's folder: small ones at once, large ones in parts; attached, shared, downloaded."""

import hashlib
import random
import re

import httpx
from msgraph.generated.drives.item.items.item.create_link.create_link_post_request_body import CreateLinkPostRequestBody
from msgraph.generated.drives.item.items.item.create_upload_session.create_upload_session_post_request_body import (
    CreateUploadSessionPostRequestBody,
)
from msgraph.generated.models.body_type import BodyType
from msgraph.generated.models.chat_message import ChatMessage
from msgraph.generated.models.chat_message_attachment import ChatMessageAttachment
from msgraph.generated.models.drive_item_uploadable_properties import DriveItemUploadableProperties
from msgraph.generated.models.item_body import ItemBody


async def folder(contoso, client):
    """The channel's folder, as items of its drive; and the folder's id."""
    place = await contoso.plans(client).files_folder.get()
    drive = client.drives.by_drive_id(place.parent_reference.drive_id)
    return drive.items, place.id


async def test_a_small_file_is_put_attached_and_downloaded(contoso):
    client = contoso.client("Ann Lee")
    items, root = await folder(contoso, client)
    made = await items.by_drive_item_id(f"{root}:/notes.txt:").content.put(b"line one\n")
    assert (made.name, made.size) == ("notes.txt", 9)
    guid = re.search(r"[0-9a-fA-F-]{36}", made.e_tag).group().lower()
    attachment = ChatMessageAttachment(
        id=guid, content_type="reference", content_url=made.web_url, name=made.name
    )
    body = ItemBody(content_type=BodyType.Html, content=f'see <attachment id="{guid}"></attachment>')
    await contoso.plans(client).messages.post(ChatMessage(body=body, attachments=[attachment]))
    seen = contoso.seen()[0]["files"]
    assert [(file["name"], file["sha256"]) for file in seen] == [
        ("notes.txt", hashlib.sha256(b"line one\n").hexdigest())
    ]
    assert await items.by_drive_item_id(made.id).content.get() == b"line one\n"
    children = (await items.by_drive_item_id(root).children.get()).value
    assert [child.name for child in children] == ["notes.txt"]
    link = await items.by_drive_item_id(made.id).create_link.post(
        CreateLinkPostRequestBody(type="view", scope="organization")
    )
    assert link.link.web_url


async def test_a_large_file_goes_in_parts(contoso):
    client = contoso.client("Ann Lee")
    items, root = await folder(contoso, client)
    content = random.Random(2).randbytes(4 * 327_680 + 1000)
    properties = DriveItemUploadableProperties(additional_data={"@microsoft.graph.conflictBehavior": "rename"})
    session = await items.by_drive_item_id(f"{root}:/video.bin:").create_upload_session.post(
        CreateUploadSessionPostRequestBody(item=properties)
    )
    assert session.upload_url and session.expiration_date_time
    async with httpx.AsyncClient(trust_env=False) as plain:
        # Parts of 320 KiB, to an address that needs no token. Not by the SDK's `LargeFileUploadTask`: its second part
        # is a byte too long for the vendor's own rule, and it sends the last one twice.
        for start in range(0, len(content), 327_680):
            part = content[start : start + 327_680]
            place = f"bytes {start}-{start + len(part) - 1}/{len(content)}"
            answer = await plain.put(session.upload_url, content=part, headers={"content-range": place})
        assert answer.status_code == 201
        made = await items.by_drive_item_id(answer.json()["id"]).get()
        address = made.additional_data["@microsoft.graph.downloadUrl"]
        assert (await plain.get(address)).content == content
        ranged = await plain.get(address, headers={"range": "bytes=10-"})
        assert (ranged.status_code, ranged.content) == (206, content[10:])


async def test_a_persons_file_is_found_and_read(contoso):
    client = contoso.client("Ann Lee")
    posted = contoso.act("Bob Roy", "upload", text="look", files=[{"name": "b.bin", "random_bytes": 100_000}])
    message = await contoso.plans(client).messages.by_chat_message_id(posted["id"]).get()
    attached = message.attachments[0]
    assert (attached.content_type, attached.name) == ("reference", "b.bin")
    items, root = await folder(contoso, client)
    content = await items.by_drive_item_id(f"{root}:/b.bin:").content.get()
    assert hashlib.sha256(content).hexdigest() == contoso.seen()[0]["files"][0]["sha256"]
