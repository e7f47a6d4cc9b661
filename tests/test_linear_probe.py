"""What happens inside? What a weighted sum can read."""

import copy

import pytest
import torch
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.linear_model import RidgeClassifier
from sklearn.preprocessing import StandardScaler

from lessonkit.models.copies import CopiesOf
from lessonkit.models.reader import LineReader, fields
from lessonkit.probes.linear import (
    control_labels,
    fit_probe,
    majority_share,
    measure_features,
    measure_readability,
    read_held_out,
)
from lessonkit.probes.patches import strongest_patches

CHANNELS = (2, 3, 5, 7, 11)


def clouds(seeds=2, examples=211, features=7, classes=5, distance=1.5, seed=3):
    """Classes as clouds around different centres: what can be read is a matter of distance."""
    generator = torch.Generator().manual_seed(seed)
    labels = torch.randint(classes, (examples,), generator=generator)
    centres = distance * torch.randn(seeds, classes, features, generator=generator)
    noise = torch.randn(seeds, examples, features, generator=generator)
    return centres[:, labels] + noise, labels


@pytest.fixture
def model():
    return CopiesOf(lambda: LineReader(CHANNELS), [2, 3], together=False)


@pytest.fixture
def pictures():
    return torch.randn(13, 1, 16, 96, generator=torch.Generator().manual_seed(5))


def test_a_probe_can_be_worked_out_in_the_head():
    """Centres at 0 and 4, equally wide and as common: the border is half-way, at 2."""
    features = torch.tensor([-1.0, 1.0, 3.0, 5.0]).reshape(1, 4, 1)
    probe = fit_probe(features, torch.tensor([0, 0, 1, 1]))
    scores = probe.scores(torch.tensor([[[1.9], [2.0], [2.1]]]))[0]
    assert scores[0].argmax() == 0
    assert (scores[1, 0] - scores[1, 1]).item() == pytest.approx(0, abs=1e-9)
    assert scores[2].argmax() == 1


@pytest.mark.parametrize("shrinkage", [0.01, 0.5])
def test_a_probe_reads_what_sklearns_discriminant_analysis_reads(shrinkage):
    features, labels = clouds()
    read, chances = read_held_out(features, labels, shrinkage=shrinkage)
    for copy_, (got, sure) in enumerate(zip(read, chances, strict=True)):
        scaled = StandardScaler().fit(features[copy_, :141])
        reference = LinearDiscriminantAnalysis(solver="lsqr", shrinkage=shrinkage)
        reference.fit(scaled.transform(features[copy_, :141]), labels[:141])
        expected = reference.predict_proba(scaled.transform(features[copy_, 141:]))
        assert got.tolist() == expected.argmax(axis=1).tolist()
        assert sure.numpy() == pytest.approx(expected.max(axis=1), abs=1e-6)


def test_with_two_classes_it_agrees_with_a_ridge_classifier():
    """With two classes least squares and discriminant analysis find the same direction."""
    features, labels = clouds(classes=2, distance=1.0)
    read, _ = read_held_out(features, labels, shrinkage=1e-6)
    for copy_, got in enumerate(read):
        reference = RidgeClassifier(alpha=1e-6).fit(features[copy_, :141], labels[:141])
        same = torch.tensor(reference.predict(features[copy_, 141:])) == got
        assert same.double().mean() > 0.95  # the borders differ a little where classes do in size


def test_least_squares_overlooks_a_class_between_others_and_this_probe_does_not():
    """Why not ridge: three clouds on one line, and the middle one is never its answer."""
    generator = torch.Generator().manual_seed(2)
    labels = torch.arange(300) % 3
    features = labels.double()[None, :, None] + 0.05 * torch.randn(1, 300, 1, generator=generator)
    ridge = RidgeClassifier(alpha=1e-3).fit(features[0, :200], labels[:200])
    assert ridge.score(features[0, 200:], labels[200:]) < 0.75
    assert measure_readability(features, labels).tolist() == [1]


def test_what_can_be_separated_is_read_without_a_mistake():
    features, labels = clouds(distance=20.0)
    assert measure_readability(features, labels).tolist() == [1, 1]


def test_labels_drawn_by_chance_are_read_at_chance():
    features, _ = clouds(seeds=5, examples=1501)
    labels = torch.randint(5, (1501,), generator=torch.Generator().manual_seed(2))
    assert measure_readability(features, labels).mean().item() == pytest.approx(0.2, abs=0.04)


def test_the_exam_must_not_hold_pictures_of_the_lesson():
    """The trap: with random labels and many features, the fitted pictures are read much better."""
    generator = torch.Generator().manual_seed(3)
    features = torch.randn(2, 301, 101, generator=generator)
    labels = torch.randint(3, (301,), generator=generator)
    probe = fit_probe(features[:, :201], labels[:201])
    read = probe.classes[probe.scores(features[:, :201]).argmax(dim=2)]
    seen = read.eq(labels[:201]).double().mean(dim=1)
    assert seen.min() > 0.7
    assert measure_readability(features, labels).max() < 0.5


def test_a_seeds_reading_does_not_depend_on_the_seeds_beside_it():
    features, labels = clouds(seeds=3)
    together = measure_readability(features, labels)
    alone = measure_readability(features[1:2], labels)
    assert together[1].item() == alone[0].item()


def test_the_ruler_does_not_matter():
    features, labels = clouds()
    ruler = torch.tensor([1e-3, 1.0, 7.0, 1e3, 11.0, 0.1, 5.0])
    one, _ = read_held_out(features, labels)
    other, _ = read_held_out(features * ruler + 13, labels)
    assert torch.equal(one, other)


def test_numbers_that_never_change_tell_nothing_and_harm_nothing():
    features, labels = clouds()
    dead = torch.full((2, 211, 3), 7.0)
    padded = torch.cat([features, dead], dim=2)
    assert measure_readability(padded, labels).min() > 0.5
    asleep = measure_readability(dead, labels)
    commonest = labels[:141].mode().values
    assert asleep.tolist() == [labels[141:].eq(commonest).double().mean().item()] * 2


def test_a_class_that_the_probe_never_saw_counts_as_misread():
    features, labels = clouds(distance=20.0, classes=3)
    labels = labels.clone()
    features[:, -50:], labels[-50:] = features[:, :50], 7
    assert measure_readability(features, labels).max() < 0.35


@pytest.mark.parametrize(
    ("labels", "examples"), [(torch.zeros(11).long(), 11), (torch.arange(7), 7)]
)
def test_one_class_or_too_few_examples_are_refused(labels, examples):
    with pytest.raises(ValueError, match="at least 2 classes and 2 examples for each"):
        fit_probe(torch.randn(1, examples, 3), labels)


def test_features_that_are_not_finite_are_refused():
    features, labels = clouds()
    features[0, 2, 3] = float("nan")
    with pytest.raises(ValueError, match="finite features"):
        fit_probe(features, labels)


@pytest.mark.parametrize("held_out", [0.0, 1.0])
def test_an_exam_without_pictures_or_without_a_lesson_is_refused(held_out):
    features, labels = clouds()
    with pytest.raises(ValueError, match="leaves some on both sides"):
        measure_readability(features, labels, held_out)


def test_the_commonest_label_is_right_without_looking():
    assert majority_share(torch.tensor([2, 0, 2, 1, 2])) == 0.6
    assert majority_share(torch.tensor([[2, 5], [0, 5], [2, 5], [1, 5], [2, 3]])) == 0.7


def test_a_control_task_keeps_types_together_and_labels_as_common():
    types = torch.arange(11).repeat(7)
    labels = types % 3
    dealt = control_labels(types, labels, seed=2)
    assert all(len(dealt[types == kind].unique()) == 1 for kind in range(11))
    assert torch.equal(dealt.bincount(), labels.bincount())
    assert not torch.equal(dealt, labels)


def test_a_control_task_is_read_as_well_as_the_task_by_who_knows_types_only():
    """Selectivity is near 0 if a layer holds each type alone, and large if it holds the label."""
    types = torch.randint(6, (901,), generator=torch.Generator().manual_seed(2))
    labels = types % 2
    dealt = control_labels(types, labels, seed=5)
    noise = 0.1 * torch.randn(1, 901, 6, generator=torch.Generator().manual_seed(3))
    knows_types = torch.nn.functional.one_hot(types, 6)[None] + noise
    knows_labels = labels[None, :, None] + noise
    by_type, by_label = (
        (measure_readability(f, labels) - measure_readability(f, dealt)).item()
        for f in (knows_types, knows_labels)
    )
    assert by_type == 0
    assert by_label > 0.3


def test_a_type_with_two_labels_has_no_control_task():
    with pytest.raises(ValueError, match="one label for each type"):
        control_labels(torch.tensor([2, 2]), torch.tensor([0, 1]), seed=2)


def test_features_are_the_mean_over_positions(model, pictures):
    layers = model(model.same_for_all(pictures), every_layer=True)
    features = measure_features(model, pictures)
    torch.testing.assert_close(features[0], layers[0].mean(dim=(3, 4)))
    torch.testing.assert_close(features[-1], layers[-1])
    assert [layer.shape[2] for layer in features] == [*CHANNELS, 64, 6]


def test_features_in_place_are_those_above_the_place(model, pictures):
    """Pixels 32 to 40 lie under columns 16 to 20 of the first map, and under column 2 of the fifth.

    The fifth map has 6 columns of 16 pixels: the place is half of its column.
    """
    spans = torch.tensor([[[32, 40], [0, 96]]]).expand(13, -1, -1)
    layers = model(model.same_for_all(pictures), every_layer=True)
    first, *_, fifth, _, logits = measure_features(model, pictures, spans)
    torch.testing.assert_close(first[:, :, 0], layers[0][..., 16:20].mean(dim=(3, 4)))
    torch.testing.assert_close(first[:, :, 1], layers[0].mean(dim=(3, 4)))
    torch.testing.assert_close(fifth[:, :, 0], layers[4][..., 0, 2])
    assert torch.equal(logits[:, :, 0], logits[:, :, 1])


def test_a_place_on_a_border_takes_its_share_of_both_columns(model, pictures):
    spans = torch.tensor([[[28, 36]]]).expand(13, -1, -1)  # 4 pixels of column 1, 4 of column 2
    layers = model(model.same_for_all(pictures), every_layer=True)
    features = measure_features(model, pictures, spans)[4][:, :, 0]
    torch.testing.assert_close(features, layers[4][..., 0, 1:3].mean(dim=3))


def test_probing_leaves_the_model_as_it_was(model, pictures):
    before = copy.deepcopy(model.state_dict())
    state = torch.get_rng_state()
    measure_features(model, pictures)
    strongest_patches(model, pictures, fields())
    assert torch.equal(state, torch.get_rng_state())
    assert all(torch.equal(before[name], now) for name, now in model.state_dict().items())
    assert all(parameter.grad is None for parameter in model.parameters())
    assert model.training
    assert not any(module._forward_hooks for module in model.modules())


def test_the_strongest_patch_is_where_the_unit_answers_most(model, pictures):
    """Cut it out, show it alone in the middle of nothing: its unit answers as strongly."""
    found = strongest_patches(model, pictures, fields(), copy=1, wanted=3)
    assert [len(patches) for patches in found] == [3] * 5
    layer = model(model.same_for_all(pictures), every_layer=True)[0][1]
    peaks = layer.amax(dim=(2, 3))
    weights = model.stacks[model.names.index("convolutions.0.weight")][1]
    answers = [
        torch.nn.functional.conv2d(patch[None, None], weights)[0, :, 0, 0]
        for patch in found[0]
        if patch.shape == (5, 5)
    ]
    assert answers
    for answer in answers:
        assert (peaks - answer.relu()).abs().min() < 1e-4


def test_patches_are_as_wide_as_the_view_unless_they_touch_the_edge(model, pictures):
    for patches, (high, wide) in zip(
        strongest_patches(model, pictures, fields()), fields(), strict=True
    ):
        for patch in patches:
            assert patch.shape[0] <= min(16, high.size)
            assert patch.shape[1] <= wide.size
