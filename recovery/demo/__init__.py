"""The demo: a fictional group whose half year of complaints shows the product at work.

Cases are written in bulk, yet as the actions would have left them had each been done in its time: the same
rules decide when clocks are due and who may grant what, and every event is a link of its stream's chain.
"""
