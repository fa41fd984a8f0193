using System.Globalization;
using System.Reflection;

namespace Flyscan.Tests.EmbeddedOnly.Engine;

/// <summary>A type's heading and members, as the listing of Akka.NET's API writes them.</summary>
internal sealed record ListedType(string Heading, IReadOnlySet<string> Bases, IReadOnlySet<string> Members);

/// <summary>Reads the listing, and writes our own types the same way.</summary>
internal static class ApiListing
{
    private const BindingFlags Declared =
        BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;

    private static readonly Dictionary<Type, string> Keywords = new()
    {
        [typeof(void)] = "void",
        [typeof(object)] = "object",
        [typeof(string)] = "string",
        [typeof(bool)] = "bool",
        [typeof(int)] = "int",
        [typeof(long)] = "long",
        [typeof(byte)] = "byte",
        [typeof(float)] = "float",
        [typeof(double)] = "double",
        [typeof(decimal)] = "decimal",
        [typeof(char)] = "char",
    };

    internal static IReadOnlyDictionary<string, ListedType> Read(string file)
    {
        var types = new Dictionary<string, ListedType>();
        var space = "";
        HashSet<string> members = [];
        foreach (var line in File.ReadLines(file))
        {
            if (line.StartsWith("# ", StringComparison.Ordinal))
            {
                space = line[(line.IndexOf("namespace ", StringComparison.Ordinal) + 10)..];
            }
            else if (line.StartsWith("  ", StringComparison.Ordinal))
            {
                members.Add(line.Trim());
            }
            else if (line.Length > 0)
            {
                members = [];
                var (heading, bases) = Split(line);
                types[$"{space}.{NameIn(heading)}"] = new ListedType(heading, bases, members);
            }
        }

        return types;
    }

    internal static string FullName(Type type) => $"{type.Namespace}.{Name(type)}";

    internal static string Heading(Type type)
    {
        if (typeof(Delegate).IsAssignableFrom(type))
        {
            var invoke = type.GetMethod("Invoke")!;
            return $"delegate {Name(invoke.ReturnType)} {Name(type)}({Parameters(invoke)})";
        }

        var kind = type switch
        {
            { IsInterface: true } => "interface",
            { IsEnum: true } => "enum",
            { IsValueType: true } => "struct",
            { IsAbstract: true, IsSealed: true } => "static class",
            { IsAbstract: true } => "abstract class",
            { IsSealed: true } => "sealed class",
            _ => "class",
        };
        return $"{kind} {Name(type)}";
    }

    internal static IEnumerable<string> Bases(Type type)
    {
        if (typeof(Delegate).IsAssignableFrom(type) || type.IsEnum)
            yield break;
        if (type.BaseType is { } super && super != typeof(object) && super != typeof(ValueType))
            yield return Name(super);
        var inherited = type.BaseType?.GetInterfaces() ?? [];
        foreach (var face in type.GetInterfaces().Where(face => face.IsVisible && !inherited.Contains(face)))
            yield return Name(face);
    }

    internal static IEnumerable<string> Members(Type type)
    {
        if (typeof(Delegate).IsAssignableFrom(type))
            return [];
        if (type.IsEnum)
            return [string.Join(", ", Enum.GetNames(type))];
        return type.GetConstructors(Declared).Where(c => !c.IsStatic && Visible(c))
            .Concat<MemberInfo>(type.GetMethods(Declared).Where(m => Visible(m) && Listed(m)))
            .Concat(type.GetProperties(Declared).Where(p => Getter(p) is not null))
            .Concat(type.GetFields(Declared).Where(f => f.IsPublic || f.IsFamily || f.IsFamilyOrAssembly))
            .Concat(type.GetEvents(Declared).Where(e => e.AddMethod is { } add && Visible(add)))
            .Select(Member);
    }

    /// <summary>One member's line.</summary>
    internal static string Member(MemberInfo member) => member switch
    {
        ConstructorInfo constructor => $"{Access(constructor)} new({Parameters(constructor)})",
        MethodInfo method => Method(method),
        PropertyInfo property => Property(property),
        FieldInfo field => Field(field),
        _ => member.ToString()!,
    };

    /// <summary>Whether code elsewhere, or a class derived elsewhere, may use it.</summary>
    internal static bool Visible(MemberInfo member) => member switch
    {
        MethodBase method => method.IsPublic || method.IsFamily || method.IsFamilyOrAssembly,
        FieldInfo field => field.IsPublic || field.IsFamily || field.IsFamilyOrAssembly,
        PropertyInfo property => property.GetAccessors(nonPublic: true).Any(Visible),
        Type type => type.IsNested ? (type.IsNestedPublic || type.IsNestedFamily) && Visible(type.DeclaringType!) : type.IsPublic,
        _ => true,
    };

    private static (string Heading, IReadOnlySet<string> Bases) Split(string line)
    {
        var colon = line.IndexOf(" : ", StringComparison.Ordinal);
        if (colon < 0)
            return (line, new HashSet<string>());
        var bases = new HashSet<string>();
        var depth = 0;
        var start = colon + 3;
        for (var i = start; i <= line.Length; i++)
        {
            if (i < line.Length && line[i] == '<')
                depth++;
            else if (i < line.Length && line[i] == '>')
                depth--;
            else if (i == line.Length || (line[i] == ',' && depth == 0))
            {
                bases.Add(line[start..i].Trim());
                start = i + 1;
            }
        }

        return (line[..colon], bases);
    }

    private static string NameIn(string heading)
    {
        var name = heading.Split('(')[0];
        var generic = name.IndexOf('<');
        return name[(name.LastIndexOf(' ', generic < 0 ? name.Length - 1 : generic) + 1)..];
    }

    /// <summary>Whether the listing writes such methods: no accessors, and not what every object has.</summary>
    internal static bool Listed(MethodBase method) =>
        (!method.IsSpecialName || method.Name.StartsWith("op_", StringComparison.Ordinal))
        && method.Name is not ("Equals" or "GetHashCode" or "ToString" or "Finalize");

    private static string Access(MethodBase method) => method.IsPublic ? "public" : "protected";

    private static string Modifier(MethodInfo method)
    {
        if (method.IsStatic)
            return "static ";
        if (method.DeclaringType!.IsInterface || !method.IsVirtual || method.IsFinal)
            return "";
        if (method.IsAbstract)
            return "abstract ";
        return method.GetBaseDefinition() == method ? "virtual " : "override ";
    }

    private static string Method(MethodInfo method)
    {
        var generic = method.IsGenericMethod ? $"<{string.Join(", ", method.GetGenericArguments().Select(Name))}>" : "";
        return $"{Access(method)} {Modifier(method)}{Name(method.ReturnType)} {method.Name}{generic}({Parameters(method)})";
    }

    private static MethodInfo? Getter(PropertyInfo property) =>
        property.GetMethod is { } get && Visible(get) ? get : property.SetMethod is { } set && Visible(set) ? set : null;

    private static string Property(PropertyInfo property)
    {
        var main = Getter(property)!;
        var setter = property.SetMethod is { } set && Visible(set)
            ? set.IsPublic || !main.IsPublic ? " set;" : " protected set;"
            : "";
        return $"{Access(main)} {Modifier(main)}{Name(property.PropertyType)} {property.Name} {{ get;{setter} }}";
    }

    private static string Field(FieldInfo field)
    {
        var access = field.IsPublic ? "public" : "protected";
        var modifier = field switch
        {
            { IsLiteral: true } => "const ",
            { IsStatic: true, IsInitOnly: true } => "static readonly ",
            { IsStatic: true } => "static ",
            { IsInitOnly: true } => "readonly ",
            _ => "",
        };
        return $"{access} {modifier}{Name(field.FieldType)} {field.Name}";
    }

    private static string Parameters(MethodBase method) => string.Join(", ", method.GetParameters().Select(Parameter));

    private static string Parameter(ParameterInfo parameter)
    {
        var type = parameter.ParameterType;
        var prefix = parameter.IsOut ? "out "
            : type.IsByRef ? "ref "
            : parameter.IsDefined(typeof(ParamArrayAttribute), false) ? "params "
            : "";
        var name = Name(type.IsByRef ? type.GetElementType()! : type);
        return $"{prefix}{name} {parameter.Name}{(parameter.HasDefaultValue ? " = " + Default(parameter) : "")}";
    }

    private static string Default(ParameterInfo parameter) => parameter.DefaultValue switch
    {
        null => "null",
        string text => $"\"{text}\"",
        bool flag => flag ? "true" : "false",
        IFormattable number => number.ToString(null, CultureInfo.InvariantCulture),
        var other => other.ToString()!,
    };

    private static string Name(Type type)
    {
        if (Keywords.TryGetValue(type, out var keyword))
            return keyword;
        if (Nullable.GetUnderlyingType(type) is { } value)
            return Name(value) + "?";
        if (type.IsArray)
            return Name(type.GetElementType()!) + "[]";
        if (type.IsGenericParameter)
            return type.Name;
        var name = type.Name.Split('`')[0];
        var outer = type.DeclaringType;
        var arguments = type.GetGenericArguments().Skip(outer?.GetGenericArguments().Length ?? 0).ToArray();
        var generic = arguments.Length == 0 ? "" : $"<{string.Join(", ", arguments.Select(Name))}>";
        return (outer is null ? "" : Name(outer) + ".") + name + generic;
    }
}
