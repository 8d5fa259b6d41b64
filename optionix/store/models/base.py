"""The base of all tables and the column types that they share."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any

from sqlalchemy import BigInteger, Boolean, Integer, MetaData, Numeric, SmallInteger, Text
from sqlalchemy.dialects.postgresql import ARRAY, BYTEA
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import DeclarativeBase, mapped_column
from sqlalchemy.types import TypeDecorator


class Int256(TypeDecorator[int]):
    """An exact integer of up to 78 digits: any value of Solidity's `int256` and `uint256`. Python sees `int`."""

    impl = Numeric(78, 0)
    cache_ok = True

    def process_bind_param(self, value: int | None, dialect: Dialect) -> Decimal | None:
        return None if value is None else Decimal(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> int | None:
        return None if value is None else int(value)


class Base(DeclarativeBase):
    """Base of every table; constraint names follow one rule, so that migrations can name them."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


ChainKey = Annotated[int, mapped_column(BigInteger, primary_key=True, autoincrement=False)]
"""The chain id that begins every key."""
Int64Key = Annotated[int, mapped_column(BigInteger, primary_key=True, autoincrement=False)]
Int16Key = Annotated[int, mapped_column(SmallInteger, primary_key=True, autoincrement=False)]
Int256Key = Annotated[int, mapped_column(Int256, primary_key=True, autoincrement=False)]
TextKey = Annotated[str, mapped_column(Text, primary_key=True)]

Amount = Annotated[int, mapped_column(Int256, nullable=False)]
"""An exact integer in the contracts' own units; the table's docstring says which."""
Int64 = Annotated[int, mapped_column(BigInteger, nullable=False)]
"""Block numbers, times in seconds, counts."""
Int16 = Annotated[int, mapped_column(SmallInteger, nullable=False)]
Flag = Annotated[bool, mapped_column(Boolean, nullable=False)]
String = Annotated[str, mapped_column(Text, nullable=False)]

OptionalAmount = Annotated[int | None, mapped_column(Int256, nullable=True)]
OptionalInt64 = Annotated[int | None, mapped_column(BigInteger, nullable=True)]
OptionalInt16 = Annotated[int | None, mapped_column(SmallInteger, nullable=True)]
OptionalFlag = Annotated[bool | None, mapped_column(Boolean, nullable=True)]
OptionalString = Annotated[str | None, mapped_column(Text, nullable=True)]

Bytes = Annotated[bytes, mapped_column(BYTEA, nullable=False)]
Int32s = Annotated[list[int], mapped_column(ARRAY(Integer), nullable=False)]
"""Small numbers of many things side by side."""
