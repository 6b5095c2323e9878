"""MiniStack, with what it lacks of AWS and a deployment needs."""

from uuid import uuid4

from ministack.app import main
from ministack.services import apigateway, dynamodb
from ministack.services.cloudformation import changesets, engine, handlers, provisioners, stacks


def with_own_names(answer):
    """It keeps a template's CORS under AWS's names, and looks for it under those of its own."""
    return lambda cors, origin: answer({name[0].lower() + name[1:]: value for name, value in (cors or {}).items()}, origin)


def with_one_metric(record):
    """It knows no alarm about several metrics: one of them stands for all. No alarm rings here anyway."""

    def first(name, props):
        metrics = [metric["MetricStat"] for metric in props.get("Metrics", []) if "MetricStat" in metric]
        single = {**metrics[0]["Metric"], "Statistic": metrics[0]["Stat"], "Period": metrics[0]["Period"]} if metrics else {}
        return record(name, {**{key: value for key, value in props.items() if key != "Metrics"}, **single})

    return first


def with_new_names(create):
    """It gives a stack that is made again the tables' old names, and overwrites tables that were kept."""

    def renamed(logical_id, props, stack_name):
        name = provisioners._physical_name(stack_name, logical_id, max_len=255)
        kept = name in dynamodb._tables
        return create(logical_id, {**props, "TableName": f"{name}-{uuid4().hex[:8]}"} if kept else props, stack_name)

    return renamed


def with_maps(evaluate):
    """It resolves no Fn::FindInMap in a template's conditions, which leaves all of ours off."""

    def evaluated(template, params):
        def resolve(node):
            if isinstance(node, dict):
                if "Fn::FindInMap" in node:
                    name, first, second = node["Fn::FindInMap"]
                    return template["Mappings"][name][first][second]
                return {key: resolve(value) for key, value in node.items()}
            return [resolve(value) for value in node] if isinstance(node, list) else node

        return evaluate({**template, "Conditions": resolve(template.get("Conditions", {}))}, params)

    return evaluated


tables = provisioners._RESOURCE_HANDLERS["AWS::DynamoDB::Table"]
tables["create"] = with_new_names(tables["create"])
apigateway._cors_preflight_response = with_own_names(apigateway._cors_preflight_response)
apigateway._cors_response_headers = with_own_names(apigateway._cors_response_headers)
provisioners._cw_metric_alarm_record = with_one_metric(provisioners._cw_metric_alarm_record)

evaluate = with_maps(engine._evaluate_conditions)
for module in (engine, stacks, handlers, changesets):
    module._evaluate_conditions = evaluate

main()
