"""What a person wants to know of a stage, in one line of plain text. Pure."""

from __future__ import annotations

from sandbox.demo.stages import (
    Crawled,
    Explored,
    Launched,
    Predicted,
    Results,
    Stage,
    StageState,
    Terminated,
    Trained,
    Transformed,
    Uploaded,
)


def headline(stage: Stage) -> str:
    """A completed stage's main figures, a failed one's cause."""
    if stage.state is StageState.FAILED:
        return stage.error + (f"  (log: {stage.log})" if stage.log else "")
    return figures(stage.results) if stage.results else ""


def figures(results: Results) -> str:
    """The main figures of a stage's results."""
    match results:
        case Uploaded(bytes, objects):
            return f"{bytes:,} bytes in {objects} object{'s' if objects > 1 else ''}"
        case Crawled(database=database, tables=tables):
            told = [f"{table.name} {_count(table.rows)} x {len(table.columns)}" for table in tables]
            return f"{database}: {', '.join(told)}"
        case Transformed(rows_read=read, rows=rows, columns=columns, table=table):
            return f"{table}: {_count(read)} rows in, {_count(rows)} out, {len(columns)} columns"
        case Launched(cluster_id=id, nodes=nodes, ready_seconds=seconds, during=during):
            running = " + ".join(f"{count} {role.lower()}" for role, count in nodes.items())
            after = f", ready {seconds:.1f} s after RunJobFlow (called during {during})" if seconds else ""
            return f"{id}: {running}{after}"
        case Trained(metrics=metrics):
            measured = f"accuracy {metrics['accuracy']:.4f} (majority {metrics['majority']:.4f})"
            return f"{measured}, AUC {metrics['auc']:.4f}, {metrics['test_rows']:,} rows held out"
        case Explored(paragraphs=paragraphs, tables=tables, found=found):
            shares = ", ".join(" ".join(row) for row in found)
            return f"{paragraphs} paragraphs, {len(tables)} tables in the catalog; {shares}"
        case Predicted(predictions=predictions):
            answers = (f"{one['prediction']} ({one['probability']:.0%})" for one in predictions)
            return ", ".join(answers)
        case Terminated(cluster_id=id, state=state, kept=kept):
            return f"{id} {state}{', kept' if kept else ''}"


def location(results: Results | None) -> str:
    """Where the stage's artefact lies."""
    match results:
        case Uploaded(location=location) | Transformed(location=location):
            return location
        case Crawled(database=database, tables=tables):
            return f"{database}.{tables[0].name}" + (
                f" and {len(tables) - 1} more" if len(tables) > 1 else ""
            )
        case Launched(logs=logs):
            return logs
        case Trained(model=model):
            return model
        case Explored(output=output) | Predicted(output=output):
            return output
        case _:
            return ""


def rows(results: Results | None) -> str:
    """How many rows the stage dealt with."""
    match results:
        case Crawled(tables=tables):
            known = [table.rows for table in tables if table.rows is not None]
            return f"{sum(known):,}" if len(known) == len(tables) else ""
        case Transformed(rows=count):
            return _count(count)
        case Trained(metrics=metrics):
            return f"{metrics['rows']:,}"
        case Predicted(predictions=predictions):
            return str(len(predictions))
        case _:
            return ""


def _count(number: int | None) -> str:
    return "?" if number is None else f"{number:,}"
