"""A meter on a serial port: listened to or asked in a task of its own, reopened when it is gone."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace

from drivers.base import Driver, Pace
from drivers.beside import beside
from drivers.document import open_document
from drivers.errors import DeviceUnreachable
from drivers.serial import iec62056
from drivers.serial.config import SerialConfig
from drivers.serial.port import SerialPort, open_serial
from drivers.serial.profile import Mode, SerialProfile, read_profile
from drivers.serial.telegram import Damaged, Telegram
from drivers.told import Told, back_off_s
from wire.clock import Clock

_FAST_S = 0.2
_IDENT_BYTES_MAX = 256
_BITS_A_LETTER = 10
_SETTLE_S = 0.02
"""The last letter has left the port; the meter waits at least ten times as long."""


class SerialDevice(Told):
    """A `drivers.base.Driver`; `run` fills it."""

    def __init__(self, device: str, path: str, profile: SerialProfile, clock: Clock) -> None:
        pace = Pace(
            fast_s=0.0 if profile.stale_s < 2.0 else _FAST_S,
            stale_fast_s=profile.stale_s,
            stale_slow_s=max(5.0, profile.stale_s),
        )
        super().__init__(device, profile.tags, clock, pace, profile.period_s + profile.timeout_s)
        self.telegrams = 0
        """Sound ones since the start."""
        self._path = path
        self._profile = profile

    async def run(self) -> None:
        """Keep the port open and take in what comes, until cancelled."""
        failures = 0
        while True:
            heard = self.telegrams
            try:
                await self._converse()
            except DeviceUnreachable as error:
                self.gone(str(error))
            except TimeoutError:
                self.gone(f"{self._path}: silent for {self._profile.timeout_s:g} s")
            failures = 0 if self.telegrams > heard else failures + 1
            await asyncio.sleep(back_off_s(failures))

    async def _converse(self) -> None:
        port = await open_serial(self._path, self._profile.character)
        try:
            if not self._profile.request:
                await self._listen(port)
            loop = asyncio.get_running_loop()
            while True:
                began_s = loop.time()
                async with asyncio.timeout(self._profile.timeout_s):
                    await self._ask(port)
                await asyncio.sleep(began_s + self._profile.period_s - loop.time())
        finally:
            port.close()

    async def _listen(self, port: SerialPort) -> None:
        framer = self._profile.framer()
        while True:
            async with asyncio.timeout(self._profile.timeout_s):
                while not self._take_all(framer.feed(await port.read())):
                    pass

    async def _ask(self, port: SerialPort) -> None:
        """Get one telegram out of the meter."""
        profile = self._profile
        framer = profile.framer()
        if profile.mode is Mode.C:
            port.set_baud(profile.character.baud)
        await port.discard()
        await port.write(profile.request)
        if profile.mode is Mode.C:
            begun = await self._agree(port)
            if self._take_all(framer.feed(begun)):
                return
        while not self._take_all(framer.feed(await port.read())):
            pass

    async def _agree(self, port: SerialPort) -> bytes:
        """Agree with the meter on a speed; return what already came behind that."""
        begun = b""
        while len(begun) <= _IDENT_BYTES_MAX:
            begun += await port.read()
            *lines, rest = begun.split(b"\n")
            for line in lines:
                meter = iec62056.ident(line.strip(b"\r"))
                if meter is None:
                    continue  # our own request comes back through an optical head
                baud = iec62056.BAUDS.get(meter.baud)
                if baud is None:
                    return rest  # a meter of mode A: it goes on by itself
                answer = iec62056.acknowledgement(meter.baud)
                await port.write(answer)
                sent_s = len(answer) * _BITS_A_LETTER / self._profile.character.baud
                await asyncio.sleep(sent_s + _SETTLE_S)
                port.set_baud(baud)
                return rest
        raise DeviceUnreachable(f"{self._path}: the meter does not say who it is")

    def _take_all(self, found: Sequence[Telegram | Damaged]) -> bool:
        """Take in what was found; say whether a sound telegram was among it."""
        sound = False
        for telegram in found:
            if isinstance(telegram, Damaged):
                self.refuse(telegram.reason)
            else:
                sound = True
                self._take(telegram)
        return sound

    def _take(self, telegram: Telegram) -> None:
        now_us = self._clock.now_us()
        for tag in self._profile.tags:
            value = telegram.get(self._profile.keys[tag.name])
            if value is not None:
                self.newest.put(tag.name, tag.value(value.number, value.unit), now_us, now_us)
        self.telegrams += 1
        self.heard()


def open_serial_device(config: SerialConfig, clock: Clock) -> AbstractAsyncContextManager[Driver]:
    """Return a context manager for the meter; the port is opened in the background.

    Raises:
        ProfileError: the profile cannot be used.
    """
    profile = read_profile(open_document(config.profile, config.override))
    if config.baud is not None:
        profile = replace(profile, character=replace(profile.character, baud=config.baud))
    return _opened(SerialDevice(config.id, config.serial, profile, clock))


@asynccontextmanager
async def _opened(device: SerialDevice) -> AsyncIterator[SerialDevice]:
    async with beside(device.run(), "serial"):
        yield device
