"""What is computed? A network that reads."""

import pytest
import torch

from lessonkit.models.copies import CopiesOf
from lessonkit.models.reader import PLACES, LineReader, ShortReader, fields

CHANNELS = (2, 3, 5, 7, 11)


@pytest.fixture
def reader():
    torch.manual_seed(7)
    return LineReader(CHANNELS, hidden=13)


@pytest.fixture
def pictures():
    return torch.randn(5, 1, 16, 96, generator=torch.Generator().manual_seed(3))


def test_seven_layers_from_maps_to_logits(reader, pictures):
    shapes = [tuple(layer.shape[1:]) for layer in reader.layers(pictures)]
    maps = [(2, 8, 48), (3, 4, 24), (5, 1, 12), (7, 1, 12), (11, 1, 6)]
    assert shapes == [*maps, (13,), (6,)]


def test_the_last_layer_is_the_answer(reader, pictures):
    torch.testing.assert_close(reader(pictures), reader(pictures, every_layer=True)[-1])


def test_the_first_view_can_be_worked_out_in_the_head():
    """Five wide; then 5 + 2·2 = 9, 9 + 2·4 = 17, 17 + 2·8 = 33, 33 + 2·8 = 49."""
    assert [wide.size for _, wide in fields()] == [5, 9, 17, 33, 49]


@pytest.mark.parametrize("layer", range(5))
def test_a_unit_sees_its_field_and_nothing_else(layer):
    """Against what autograd says: the pixels that move a unit are those of its field."""
    torch.manual_seed(2)
    reader = LineReader(CHANNELS)
    # All weights positive, and no normalisation: no path can be cut by chance.
    reader.norms = torch.nn.ModuleList([torch.nn.Identity() for _ in reader.norms])
    for convolution in reader.convolutions:
        convolution.weight.data.abs_()
    picture = torch.ones(1, 1, 16, 96, requires_grad=True)
    signal = reader.layers(picture)[layer]
    row, column = signal.shape[2] // 2, signal.shape[3] // 2
    (gradient,) = torch.autograd.grad(signal[0, 0, row, column], picture)
    seen = gradient[0, 0] > 0
    for axis, field, unit in zip((1, 0), fields()[layer], (row, column), strict=True):
        first, end = field.span(unit)
        size = seen.shape[1 - axis]
        assert seen.any(dim=axis).nonzero().flatten().tolist() == list(
            range(max(0, first), min(size, end))
        )


def test_a_pattern_is_found_wherever_it_stands(reader, pictures):
    """Shifting the line by the step of the third map shifts that map by one column.

    Without normalisation: it mixes in what is at the edges.
    """
    reader.norms = torch.nn.ModuleList([torch.nn.Identity() for _ in reader.norms])
    moved = torch.roll(pictures, 8, dims=3)
    before, after = (reader.layers(shown)[2] for shown in (pictures, moved))
    torch.testing.assert_close(after[..., 4:-2], before[..., 3:-3], rtol=1e-3, atol=1e-4)


def test_the_signal_keeps_its_size_at_the_start():
    torch.manual_seed(3)
    pictures = torch.randn(31, 1, 16, 96)
    sizes = [layer.square().mean().sqrt().item() for layer in LineReader().layers(pictures)]
    assert all(0.3 < size < 3 for size in sizes[:-1])


def test_copies_of_it_can_be_made_and_depend_on_their_seed_alone(pictures):
    alone, beside = (
        CopiesOf(lambda: LineReader(CHANNELS), seeds, together=False) for seeds in ([5], [2, 5])
    )
    one = alone(alone.same_for_all(pictures))[0]
    torch.testing.assert_close(one, beside(beside.same_for_all(pictures))[1])


def test_copies_hand_out_every_layer(pictures):
    copies = CopiesOf(lambda: LineReader(CHANNELS), [2, 3, 5], together=False)
    layers = copies(copies.same_for_all(pictures), every_layer=True)
    assert [layer.shape[0] for layer in layers] == [3] * 7


def test_a_wrong_number_of_channels_is_refused():
    with pytest.raises(ValueError, match="expected 5 numbers of channels, got"):
        LineReader((2, 3, 5))


def test_a_short_reader_knows_what_its_windows_find_at_each_place(pictures):
    torch.manual_seed(5)
    short = ShortReader(channels=3, hidden=7)
    found = short.convolution(pictures).relu()  # (pictures, channels, rows, columns)
    rows, columns = PLACES
    places = found.unflatten(2, (rows, -1)).unflatten(4, (columns, -1)).mean(dim=(3, 5))
    hidden = short.hidden(short.norm(places.flatten(1))).relu()
    torch.testing.assert_close(short(pictures), short.logits(hidden))


def test_a_short_reader_can_be_as_large_as_a_whole_one():
    whole, short = (
        sum(p.numel() for p in net.parameters()) for net in (LineReader(), ShortReader())
    )
    assert abs(short / whole - 1) < 0.01
