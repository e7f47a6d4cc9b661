"""
# Known long before it worked
What was known when, from 1965 to 2018: cited, not measured.
"""

# %%
from lessonkit.evidence import Lesson
from lessonkit.figures.dots import plot_dots

lesson = Lesson("training/history", format="d")

# %%
# How many layers somebody had trained, by the paper's own count; the sources stand on the page.
plain = {"1971: GMDH": 8, "1998: LeNet-5": 7, "2006: deep belief net": 4,
    "2010: plain net, on a GPU": 6, "2012: AlexNet": 8, "2014: VGG": 19, "2014: GoogLeNet": 22}
wired = {"May 2015: highway": 100, "Dec 2015: ResNet": 1202}
rows = {**{year: {"plain": [count]} for year, count in plain.items()},
        **{year: {"residual": [count]} for year, count in wired.items()},
        "2018: from rotations": {"plain": [10_000]}}
lesson.figure("depth-by-year", plot_dots(rows, "layers (each line is ten times as many)",
    share=False, log=True, height=5.2, legend="a way around the layers, or none"),
    caption="For forty years nearly flat, then up within one.")

# %%
lesson.cite("B41", says="A network of eight layers, trained layer by layer, was described in 1971; "
    "the first of the kind in 1965.", date="1971", source="Ivakhnenko, Polynomial theory of "
    "complex systems, IEEE Transactions on Systems, Man, and Cybernetics 1(4); Schmidhuber, "
    "arXiv:1404.7828, section 5.3")
lesson.cite("B3", "B19", says="Before deep learning, networks with one or a few hidden layers read "
    "bank cheques by the million and played backgammon near the level of the best.", date="1995",
    source="LeCun et al., Proceedings of the IEEE 86(11), 1998; Tesauro, Temporal difference "
    "learning and TD-Gammon, Communications of the ACM 38(3), 1995")
lesson.cite("D33", "A54", says="In 1991 and 1994 it was shown why many layers, or many time steps, "
    "do not learn: the gradient vanishes or explodes.", date="1991, 1994",
    source="Hochreiter, diploma thesis, TU München, 1991; Bengio, Simard and Frasconi, IEEE "
    "Transactions on Neural Networks 5(2), 1994")
lesson.cite("A56", says="The two papers blame a product of many factors, which is the chain rule "
    "at work: the mathematics was right, and it was also the reason.", date="1994",
    source="Bengio, Simard and Frasconi, IEEE Transactions on Neural Networks 5(2), 1994")
# %%
lesson.cite("A66", says="In 2010 a plain network with five hidden layers reached an error of "
    "0.35 % on handwritten digits: old back-propagation, bent pictures and a graphics card.",
    source="Cireşan, Meier, Gambardella and Schmidhuber, arXiv:1003.0358", date="2010")
lesson.cite("A65", "B42", says="AlexNet had eight layers, ReLU, dropout, 1.2 million pictures and "
    "two graphics cards; it had no wires, no batch norm and not yet He's weights.", date="2012",
    source="Krizhevsky, Sutskever and Hinton, ImageNet classification with deep convolutional "
    "neural networks, NIPS 2012; Russakovsky et al., arXiv:1409.0575")
lesson.cite("A57", says="The remedies have dates: better first weights 2010 and 2015, ReLU 2010 "
    "and 2011, batch norm February 2015, wires with gates May 2015, wires without December 2015.",
    date="2010 to 2015", source="Glorot and Bengio, AISTATS 2010; Nair and Hinton, ICML 2010; "
    "Ioffe and Szegedy, arXiv:1502.03167; Srivastava et al., arXiv:1505.00387; He et al., "
    "arXiv:1512.03385")
lesson.cite("D54", says="Highway networks with wires around each layer were trained half a year "
    "before ResNet, and ResNet's paper names older shortcuts.", date="May 2015",
    source="Srivastava, Greff and Schmidhuber, arXiv:1505.00387; He et al., arXiv:1512.03385, "
    "section 2")
lesson.cite("A38", "B18", says="In 1989 one hidden layer was proved to be enough for any "
    "continuous function, and before 2006 attempts at many layers, convolutional networks aside, "
    "mostly gave worse results.", date="1989, 2009", source="Cybenko, Mathematics of Control, "
    "Signals and Systems 2(4); Bengio, Learning deep architectures for AI, section 1")
lesson.cite("A67", says="After 2012, everybody in the industry turned to deep networks.",
    not_testable="a figure of speech: no count of firms would settle it")
