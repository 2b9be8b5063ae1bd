"""The sales pipeline: what deals of each stage came to, and what open ones will add."""

from __future__ import annotations

from sopkit.demand.pipeline.plan import PipelinePlan, plan_pipeline
from sopkit.demand.pipeline.stages import Stages, measure_stages

__all__ = ["PipelinePlan", "Stages", "measure_stages", "plan_pipeline"]
