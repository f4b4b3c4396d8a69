"""The file of an import that did not come to its end: it can be imported again."""

from sqlmodel import select

from smsapp.db import Database
from smsapp.imports.tables import ContactImport
from smsapp.imports.uploads import Uploads


def give_file_back(db: Database, uploads: Uploads, import_id: int) -> None:
    """Give the file of an import that is being taken back, unless it is imported again by now.

    Before the undoing ends: whoever finds it begun, after a crash, gives the file back as well.
    """
    with db.read() as session:
        made = session.get(ContactImport, import_id)
        if made is None or made.status != "undoing" or not made.upload:
            return
        again = select(ContactImport.id).where(
            ContactImport.account_id == made.account_id,
            ContactImport.upload == made.upload,
            ContactImport.status == "running",
        )
        taken = session.execute(again).first() is not None
    if not taken:
        uploads.give_back(made.account_id, made.upload)
